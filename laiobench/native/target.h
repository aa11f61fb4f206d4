/*
 * Target: an open file or block device, as one job uses it, with its limits
 * and the context that it is attached to.  Requests go through it, so that
 * each finds the engine that can carry it out.
 *
 * It moves to another context thus: its job issues no more, everything in
 * flight comes back, it is detached, and attached there.  Home thread of the
 * context only.
 */
#pragma once

#include "engine.h"
#include "target_limits.h"

typedef struct Target {
    int fd;
    TargetLimits limits;
    AioContext *ctx; /* NULL: attached to none */
    Engine *engine;  /* that context's */
} Target;

void target_attach(Target *target, AioContext *ctx, Engine *engine);

/* Nothing may be in flight. */
void target_detach(Target *target);

static inline void target_submit(Target *target, Request *request)
{
    target->engine->ops->submit(target->engine, request);
}

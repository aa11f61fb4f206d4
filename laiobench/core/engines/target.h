/*
 * Target: an open file or block device, as one job uses it, with its limits
 * and the context that it is attached to.
 *
 * It moves to another context thus: its job issues no more, everything in
 * flight comes back, it is detached, and attached there.  Home thread of the
 * context only.
 */
#pragma once

#include "engines/engine.h"
#include "engines/request.h"
#include "contract/target_limits.h"

typedef struct Target {
    Engine *engine;  /* of the context that it is attached to */
    AioContext *ctx; /* NULL: to none */
    int fd;
    uint32_t memory_mask;  /* of buffer addresses: bits that must be 0 */
    uint32_t request_mask; /* of offsets and lengths */
    void *owner;           /* whose it is: to whom finished requests go */
} Target;

/* @limits: its alignments are powers of two; 0 and 1: any will do. */
void target_init(Target *target, int fd, const TargetLimits *limits,
                 void *owner);

void target_attach(Target *target, AioContext *ctx, Engine *engine);

/* Nothing may be in flight. */
void target_detach(Target *target);

static inline int request_fd(const Request *request)
{
    return request->target->fd;
}

/* Of a request of several buffers. */
bool target_takes_iov(const Target *target, const Request *request);

/* Can it be carried out as it is, or does direct I/O demand better aligned? */
static inline bool target_takes(const Target *target, const Request *request)
{
    uint64_t misaligned =
        ((uintptr_t)request->buffer & target->memory_mask) |
        ((request->offset | request->bytes) & target->request_mask);

    if (__builtin_expect(request->niov > 0, 0)) {
        return target_takes_iov(target, request);
    }
    return __builtin_expect(misaligned == 0, 1);
}

/*
 * Target: an open file or block device, as one job uses it, with its limits
 * and the context that it is attached to.
 *
 * To move it to another context, its job stops issuing and waits for all that is
 * in flight; then it is detached, and attached to the other.  Home thread of the
 * context only.
 */
#pragma once

#include "engines/engine.h"
#include "engines/request.h"
#include "contract/target_limits.h"

typedef struct Target {
    Engine *engine;  /* of that context */
    AioContext *ctx; /* it is attached to this one; NULL: to none */
    int fd;
    uint32_t memory_mask;  /* bits of buffer addresses that must be 0 */
    uint32_t request_mask; /* the same of offsets and lengths */
    void *owner;           /* gets the requests when they are finished */
} Target;

/* Alignments in @limits are powers of two; 0 and 1: any alignment is allowed. */
void target_init(Target *target, int fd, const TargetLimits *limits,
                 void *owner);

void target_attach(Target *target, AioContext *ctx, Engine *engine);

/* Nothing may be in flight. */
void target_detach(Target *target);

static inline int request_fd(const Request *request)
{
    return request->target->fd;
}

/* target_takes() for a request with several buffers. */
bool target_takes_iov(const Target *target, const Request *request);

/* Is @request aligned as direct I/O to @target demands? */
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

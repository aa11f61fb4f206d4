/*
 * For requests that are too misaligned for direct I/O: a thread pool carries
 * them out with bounce buffers, and a bottom half brings them back.  They never
 * go to the AIO queue: a device may do worse than refuse them.
 *
 * Home thread of the engine's context.
 */
#pragma once

#include "loop/bottom_half.h"
#include "engines/engine.h"
#include "engines/thread_pool.h"

typedef struct PoolFallback {
    Engine *engine;
    uint32_t max_requests;
    ThreadPool *pool; /* made for the first request */
    BottomHalf *bh;
    /* counted in the context; the engine's wait() does not see them */
    uint32_t in_flight;
} PoolFallback;

void pool_fallback_init(PoolFallback *fallback, Engine *engine,
                        uint32_t max_requests);

/* Waits for the requests that threads have begun. */
void pool_fallback_cleanup(PoolFallback *fallback);

void pool_fallback_submit(PoolFallback *fallback, Request *request);

/* End @target's requests that no thread has begun with -ECANCELED. */
void pool_fallback_cancel(PoolFallback *fallback, const struct Target *target);

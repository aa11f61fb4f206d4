/*
 * The way out for requests that direct I/O can't do as they are, misaligned:
 * a thread pool does them with bounce buffers, and a bottom half brings them
 * back.  Never to the AIO queue: a device may do worse than refuse them.
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
    uint32_t in_flight; /* of the context's, but not of the engine's wait() */
} PoolFallback;

void pool_fallback_init(PoolFallback *fallback, Engine *engine,
                        uint32_t max_requests);

/* Waits for what is being carried out. */
void pool_fallback_cleanup(PoolFallback *fallback);

void pool_fallback_submit(PoolFallback *fallback, Request *request);

/* End @target's requests that no thread has begun with -ECANCELED. */
void pool_fallback_cancel(PoolFallback *fallback, const struct Target *target);

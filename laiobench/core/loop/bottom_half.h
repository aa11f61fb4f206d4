/*
 * Bottom halves: callbacks that any thread can ask a context to run, once
 * per round however often it was asked.  They are how a thread tells another
 * something, and how a callback puts work off.
 */
#pragma once

#include "loop/aio_context.h"

typedef void BottomHalfFunc(void *opaque);

/* Any thread.  NULL without memory. */
BottomHalf *bh_new(AioContext *ctx, BottomHalfFunc *func, void *opaque);

/*
 * Run it in the next round; wakes the home thread if it sleeps.  What the
 * caller wrote before is visible to the callback.  Any thread.
 */
void bh_schedule(BottomHalf *bh);

/*
 * Run it when there is nothing better to do, within 10 ms.  Counts as no
 * progress.  Any thread; bh_schedule() afterwards makes it urgent.
 */
void bh_schedule_idle(BottomHalf *bh);

/*
 * Take it back.  Returns whether it was scheduled.  From another thread than
 * the home thread, a callback that has begun already runs on.
 */
bool bh_cancel(BottomHalf *bh);

/*
 * The callback never runs after this, when called on the home thread; the
 * memory is freed by the loop.  Legal inside its own callback.
 */
void bh_delete(BottomHalf *bh);

/* Run @func once and forget it.  0 or -ENOMEM.  Any thread. */
int bh_schedule_oneshot(AioContext *ctx, BottomHalfFunc *func, void *opaque);

/* For aio_poll(): run what is scheduled; returns whether that was progress. */
bool bh_run_all(AioContext *ctx);

static inline bool bh_poll(AioContext *ctx)
{
    /* Relaxed: bh_run_all() takes them with an acquire. */
    bool is_there = ctx->bh_ready ||
                    __atomic_load_n(&ctx->bh_incoming, __ATOMIC_RELAXED);

    return __builtin_expect(is_there, 0) && bh_run_all(ctx);
}

/* For aio_poll(): 0 when one wants to run now, 10 ms when an idle one does,
 * else -1. */
int64_t bh_timeout_ns(AioContext *ctx);

/* For aio_context_cleanup(): free those deleted, call nothing. */
void bh_discard_all(AioContext *ctx);

/*
 * Bottom halves: callbacks that any thread can ask a context to run.  Each runs
 * once in a round at most, however often it was asked for.  Threads use them to
 * tell each other something, and callbacks to put off work.
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
 * Run it when there is nothing else to do, within 10 ms.  It does not count as
 * progress.  Any thread; a later bh_schedule() makes it urgent.
 */
void bh_schedule_idle(BottomHalf *bh);

/*
 * Do not run it.  Returns whether it was scheduled.  If another thread than the
 * home thread calls this, a callback that runs already is not stopped.
 */
bool bh_cancel(BottomHalf *bh);

/*
 * If the home thread calls this, the callback never runs again.  The loop frees
 * the memory.  May be called in its own callback.
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

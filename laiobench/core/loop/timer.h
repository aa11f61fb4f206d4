/*
 * One-shot timers on a context.  The loop sleeps no longer than to the earliest.
 * Home thread only; arming allocates nothing.
 */
#pragma once

#include "loop/aio_context.h"

typedef void TimerFunc(void *opaque);

typedef enum TimerState { TIMER_IDLE, TIMER_ARMED, TIMER_DUE } TimerState;

struct Timer {
    AioContext *ctx;
    TimerFunc *func;
    void *opaque;
    uint64_t deadline; /* ticks */
    TimerState state;
    TAILQ_ENTRY(Timer) node;
};

void timer_init(Timer *timer, AioContext *ctx, TimerFunc *func, void *opaque);

/* Call back in the first round at or after @deadline; replaces an earlier one. */
void timer_arm(Timer *timer, uint64_t deadline);

void timer_disarm(Timer *timer);

/* The earliest deadline of the context, UINT64_MAX for none. */
static inline uint64_t timers_deadline(const AioContext *ctx)
{
    const Timer *first = TAILQ_FIRST(&ctx->timers);

    if (!TAILQ_EMPTY(&ctx->timers_due)) {
        return 0; /* due ones that an outer loop has left: do not sleep */
    }
    return first ? first->deadline : UINT64_MAX;
}

/* For aio_poll(): call those that are due at ctx->now. */
bool timers_run(AioContext *ctx);

#include "loop/timer.h"

void timer_init(Timer *timer, AioContext *ctx, TimerFunc *func, void *opaque)
{
    *timer = (Timer){.ctx = ctx, .func = func, .opaque = opaque};
}

void timer_disarm(Timer *timer)
{
    AioContext *ctx = timer->ctx;

    if (timer->state == TIMER_ARMED) {
        TAILQ_REMOVE(&ctx->timers, timer, node);
    } else if (timer->state == TIMER_DUE) {
        TAILQ_REMOVE(&ctx->timers_due, timer, node);
    }
    timer->state = TIMER_IDLE;
}

/* Timers are few, and a new one is mostly the latest: search from the end. */
void timer_arm(Timer *timer, uint64_t deadline)
{
    AioContext *ctx = timer->ctx;
    Timer *before;

    timer_disarm(timer);
    timer->deadline = deadline;
    timer->state = TIMER_ARMED;
    TAILQ_FOREACH_REVERSE (before, &ctx->timers, TimerList, node) {
        if (before->deadline <= deadline) {
            TAILQ_INSERT_AFTER(&ctx->timers, before, timer, node);
            return;
        }
    }
    TAILQ_INSERT_HEAD(&ctx->timers, timer, node);
}

/*
 * Timers that are due go to a list of their own first.  So a timer that arms
 * itself again in the past waits for the next round, and a nested loop goes on
 * with those that the outer loop has left.
 */
bool timers_run(AioContext *ctx)
{
    Timer *timer;
    bool progress = false;

    while ((timer = TAILQ_FIRST(&ctx->timers)) && timer->deadline <= ctx->now) {
        TAILQ_REMOVE(&ctx->timers, timer, node);
        timer->state = TIMER_DUE;
        TAILQ_INSERT_TAIL(&ctx->timers_due, timer, node);
    }
    while ((timer = TAILQ_FIRST(&ctx->timers_due))) {
        timer_disarm(timer);
        timer->func(timer->opaque);
        progress = true;
    }
    return progress;
}

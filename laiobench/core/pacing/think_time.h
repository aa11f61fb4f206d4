/*
 * Think time: pauses in which a job has nothing in flight, as if the program
 * that it plays had something else to do.  After so many I/Os, or so long, what
 * is in flight comes back, a part of the pause is spent busy, and the rest
 * asleep.  Knows how I/Os are counted, and nothing else of them.
 *
 * All on the home thread of the context that the job is attached to.
 */
#pragma once

#include "base/clock.h"
#include "contract/pacing_plan.h"
#include "loop/timer.h"

typedef enum ThinkState {
    THINK_NOT,
    THINK_DRAINS, /* lets what is in flight come back */
    THINK_PAUSES,
} ThinkState;

typedef struct ThinkTime {
    const PacingPlan *plan;
    const Clock *clock;
    ThinkState state;
    uint64_t ios;   /* counted since the last pause */
    uint64_t began; /* the last pause; ticks */
    uint64_t ended; /* the last pause, or when the job began; ticks */
    AioContext *ctx;
    Timer timer; /* at the end of a pause */
    void (*is_over)(void *opaque, uint64_t paused_ticks);
    void *opaque;
} ThinkTime;

/* @plan must outlive it. */
void think_time_init(ThinkTime *think, const PacingPlan *plan,
                     const Clock *clock);

/* A pause goes on while the job is on no context.  @is_over: a pause is. */
void think_time_attach(ThinkTime *think, AioContext *ctx,
                       void (*is_over)(void *opaque, uint64_t paused_ticks),
                       void *opaque);
void think_time_detach(ThinkTime *think);

/* The job begins, at the context's time. */
void think_time_begin(ThinkTime *think);

/* An I/O is issued, or is back: it counts at the one that the plan names. */
void think_time_count(ThinkTime *think, bool is_issued);

/* May one more go?  If not, one comes back, or is_over() will be called. */
bool think_time_allows(ThinkTime *think, uint32_t in_flight);

/* Is a time set at which is_over() will be called? */
static inline bool think_time_waits(const ThinkTime *think)
{
    return think->timer.state != TIMER_IDLE;
}

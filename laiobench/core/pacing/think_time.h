/*
 * Think time: pauses in which a job has nothing in flight, as if a program
 * computed between its I/Os.  After a number of I/Os, or a time, the job waits
 * until nothing is in flight; then the thread is busy for the first part of
 * the pause, and may sleep for the rest.  Only counts I/Os, and knows nothing
 * else of them.
 *
 * All functions are for the home thread of the context that the job is
 * attached to.
 */
#pragma once

#include "base/clock.h"
#include "contract/pacing_plan.h"
#include "loop/timer.h"

typedef enum ThinkState {
    THINK_NO_PAUSE,
    THINK_DRAINS, /* a pause is due, once nothing is in flight */
    THINK_PAUSES,
} ThinkState;

typedef struct ThinkTime {
    const PacingPlan *plan;
    const Clock *clock;
    ThinkState state;
    uint64_t ios;   /* counted since the last pause */
    uint64_t began; /* when the last pause began; ticks */
    uint64_t ended; /* when it ended, or else the job began; ticks */
    AioContext *ctx;
    Timer timer; /* at the end of a pause */
    void (*is_over)(void *opaque, uint64_t paused_ticks);
    void *opaque;
} ThinkTime;

/* @plan must outlive it. */
void think_time_init(ThinkTime *think, const PacingPlan *plan,
                     const Clock *clock);

/*
 * Call @is_over at the end of each pause.  While the job is on no context, a
 * pause continues.
 */
void think_time_attach(ThinkTime *think, AioContext *ctx,
                       void (*is_over)(void *opaque, uint64_t paused_ticks),
                       void *opaque);
void think_time_detach(ThinkTime *think);

/* The job begins, at the context's time. */
void think_time_begin(ThinkTime *think);

/* An I/O was issued (@is_issued) or completed; the plan says which counts. */
void think_time_count(ThinkTime *think, bool is_issued);

/*
 * May one more I/O be issued, with @in_flight in flight?  If not, is_over()
 * will be called, or the caller must ask again when one completes.
 */
bool think_time_allows(ThinkTime *think, uint32_t in_flight);

/* Is a time set at which is_over() will be called? */
static inline bool think_time_waits(const ThinkTime *think)
{
    return think->timer.state != TIMER_IDLE;
}

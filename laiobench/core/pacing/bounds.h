/*
 * Bounds: end a job early, if an I/O takes longer than max_latency, or a
 * direction is slower than rate_min in a whole cycle of the measured window.
 * Keeps which I/O or cycle that was, for the report.
 *
 * All functions are for the home thread of the context that the job is
 * attached to.
 */
#pragma once

#include "contract/pacing_plan.h"
#include "loop/timer.h"
#include "record/recorder.h"

typedef struct Bounds {
    const PacingPlan *plan;
    const Recorder *recorder;

    /* counts at the start of the current cycle */
    uint64_t ios[PACED_DIRECTIONS];
    uint64_t bytes[PACED_DIRECTIONS];
    uint64_t cycle_began; /* ticks; 0: there is no cycle now */
    Timer cycle_timer;    /* at the end of the cycle */

    bool latency_exceeded;
    uint64_t offset, latency_ns; /* of the I/O that took too long */
    bool rate_missed;
    double ios_per_s, bytes_per_s; /* of the cycle that was too slow */
    uint32_t direction;            /* of that I/O or cycle */

    AioContext *ctx;
    void (*crossed)(void *opaque);
    void *opaque;
} Bounds;

/* Does @plan have any bound? */
bool bounds_are_set(const PacingPlan *plan);

/* @plan and @recorder must outlive it. */
void bounds_init(Bounds *bounds, const PacingPlan *plan,
                 const Recorder *recorder);

/*
 * Call @crossed when a rate is too low.  While the job is on no context, its
 * cycle continues.
 */
void bounds_attach(Bounds *bounds, AioContext *ctx,
                   void (*crossed)(void *opaque), void *opaque);
void bounds_detach(Bounds *bounds);

/* The first cycle begins with the window, and the last one ends with it. */
void bounds_open_window(Bounds *bounds);
void bounds_close_window(Bounds *bounds);

/*
 * Did @request, which has succeeded, take longer than its bound?  True only
 * for the first one.
 */
bool bounds_latency_is_exceeded(Bounds *bounds, const Request *request);

/* Fill in the members of @report for bounds. */
void bounds_report(const Bounds *bounds, PacingReport *report);

/*
 * Bounds: what ends a job before its time.  An I/O that took longer than
 * max_latency, or a direction that was slower than rate_min in a whole cycle of
 * the measured window.  Keeps what crossed the bound, for the report.
 *
 * All on the home thread of the context that the job is attached to.
 */
#pragma once

#include "contract/pacing_plan.h"
#include "loop/timer.h"
#include "record/recorder.h"

typedef struct Bounds {
    const PacingPlan *plan;
    const Recorder *recorder;

    /* As the running cycle began. */
    uint64_t ios[PACED_DIRECTIONS];
    uint64_t bytes[PACED_DIRECTIONS];
    uint64_t cycle_began; /* ticks; 0: no cycle runs */
    Timer cycle_timer;    /* at its end */

    bool latency_exceeded;
    uint64_t offset, latency_ns; /* of the I/O that took too long */
    bool rate_missed;
    double ios_per_s, bytes_per_s; /* of the cycle that was too slow */
    uint32_t direction;            /* of either */

    AioContext *ctx;
    void (*crossed)(void *opaque);
    void *opaque;
} Bounds;

/* Is there any? */
bool bounds_are_set(const PacingPlan *plan);

/* Both must outlive it. */
void bounds_init(Bounds *bounds, const PacingPlan *plan,
                 const Recorder *recorder);

/* A cycle goes on while the job is on no context.  @crossed: a rate was missed. */
void bounds_attach(Bounds *bounds, AioContext *ctx,
                   void (*crossed)(void *opaque), void *opaque);
void bounds_detach(Bounds *bounds);

/* The first cycle begins with the measured window, and the last ends with it. */
void bounds_open_window(Bounds *bounds);
void bounds_close_window(Bounds *bounds);

/* Did @request, which is back and succeeded, take longer than it may?  Once. */
bool bounds_latency_is_exceeded(Bounds *bounds, const Request *request);

/* Tell what was crossed. */
void bounds_report(const Bounds *bounds, PacingReport *report);

/*
 * The plan of a job's pace: its schedule, its pauses, its limits of depth and
 * what ends it early; and the report of what came of that.  0 in a plan means:
 * none.
 *
 * cffi reads this file, too, so it has plain declarations only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PACED_DIRECTIONS 3 /* read, write, trim */

/* A search tries one depth a window: it doubles, then halves the interval. */
#define SEARCH_STEPS_MAX 64

typedef struct PacingPlan {
    /* the schedule: the stricter of the two rates holds; 0: no such rate */
    double bytes_per_s[PACED_DIRECTIONS];
    double ios_per_s[PACED_DIRECTIONS];
    bool poisson; /* gaps between I/Os are exponential, not constant */
    double phase; /* constant gaps: delay of the first I/O, in gaps */

    uint64_t think_ns;       /* a pause with nothing in flight; 0: none */
    uint64_t think_spin_ns;  /* its first part, in which the thread is busy */
    uint64_t think_ios;      /* I/Os between two pauses; 0: not by I/Os */
    bool think_on_issue;     /* count I/Os when issued, not when completed */
    uint64_t think_every_ns; /* time between two pauses; 0: not by time */
    bool think_shifts;       /* a pause makes the whole schedule later */

    /* once iodepth I/Os are in flight, issue none until only so many are */
    uint32_t depth_low;

    /* an I/O with a longer latency ends the job */
    uint64_t max_latency_ns[PACED_DIRECTIONS];
    /* a lower rate in a whole cycle of the window ends the job */
    double min_bytes_per_s[PACED_DIRECTIONS];
    double min_ios_per_s[PACED_DIRECTIONS];
    uint64_t min_rate_cycle_ns; /* length of a cycle */

    /* search for the highest depth that keeps latencies within this; 0: no */
    uint64_t target_ns;
    uint64_t target_window_ns; /* time for which each depth is tried */
    double target_percent;     /* of the I/Os must be within the target */
    bool target_goes_on; /* measure for the rest of the runtime, not a window */

    uint64_t start_delay_ns;
    bool nowait; /* an I/O that would wait in the kernel fails with EAGAIN */
} PacingPlan;

/* The result of one depth. */
typedef struct SearchStep {
    uint32_t depth;
    bool holds;           /* enough of the I/Os were within the target */
    uint64_t ios, within; /* all I/Os, and those within the target */
} SearchStep;

typedef struct PacingReport {
    uint64_t late;        /* I/Os issued LATE_NS or more after they were due */
    uint64_t late_max_ns; /* the largest delay of an I/O */

    /* The part of the schedule that was issued in the window. */
    uint64_t scheduled_ns[PACED_DIRECTIONS];
    /* The delay behind the schedule: how much it grew in the window. */
    uint64_t behind_ns[PACED_DIRECTIONS];

    bool latency_exceeded;       /* an I/O took too long */
    uint32_t direction;          /* of that I/O, or of the slow cycle */
    uint64_t offset, latency_ns; /* of that I/O */

    bool rate_missed;              /* a cycle was too slow */
    double ios_per_s, bytes_per_s; /* in that cycle */

    bool search_is_over;
    uint32_t depth; /* that was found; 0: none */
    uint32_t step_count;
    SearchStep steps[SEARCH_STEPS_MAX];
} PacingReport;

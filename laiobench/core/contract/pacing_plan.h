/*
 * What a job's I/Os wait for besides a free slot, and when a job must end
 * before its time: as it is asked for, and what came of it.  All 0: nothing.
 *
 * cffi reads this file as well as the compiler: plain declarations only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PACED_DIRECTIONS 3 /* read, write, trim */

/* Windows of a search: doubling, then halving what is between. */
#define SEARCH_STEPS_MAX 64

typedef struct PacingPlan {
    double bytes_per_s[PACED_DIRECTIONS]; /* the schedule; 0: none */
    double ios_per_s[PACED_DIRECTIONS];   /* the stricter of the two holds */
    bool poisson; /* gaps are exponential, not constant */
    double phase; /* of constant gaps: so much of one is the first I/O later */

    uint64_t think_ns;       /* pause for so long, with nothing in flight ... */
    uint64_t think_spin_ns;  /* ... the first part of it busy ... */
    uint64_t think_ios;      /* ... after so many I/Os; 0: not by number ... */
    bool think_on_issue;     /* ... that were issued, not completed ... */
    uint64_t think_every_ns; /* ... or after so long; 0: not by time */
    bool think_shifts;       /* the schedule waits meanwhile */

    /* once all are in flight: not before so few are; 0: off */
    uint32_t depth_low;

    /* above it the job ends; 0: any */
    uint64_t max_latency_ns[PACED_DIRECTIONS];
    double min_bytes_per_s[PACED_DIRECTIONS]; /* below it the job ends */
    double min_ios_per_s[PACED_DIRECTIONS];
    uint64_t min_rate_cycle_ns; /* in any window of this length */

    uint64_t target_ns; /* search the depth that keeps latency below; 0: no */
    uint64_t target_window_ns; /* of each try */
    double target_percent;     /* of I/Os that must be */
    bool target_goes_on;       /* measure there until the runtime is over */

    uint64_t start_delay_ns;
    bool nowait; /* rather fail with EAGAIN than wait in the kernel */
} PacingPlan;

/* A look at one depth. */
typedef struct SearchStep {
    uint32_t depth;
    bool holds;
    uint64_t ios, within; /* the target */
} SearchStep;

typedef struct PacingReport {
    uint64_t late;        /* I/Os issued LATE_NS or more after they were due */
    uint64_t late_max_ns; /* of all I/Os */

    /* Of the window: so much of the schedule was issued, ... */
    uint64_t scheduled_ns[PACED_DIRECTIONS];
    /* ... and at its end it was so much farther behind than when it opened. */
    uint64_t behind_ns[PACED_DIRECTIONS];

    bool latency_exceeded; /* the I/O that ended the job: */
    uint32_t direction;    /* (also of the rate) */
    uint64_t offset, latency_ns;

    bool rate_missed; /* the window that ended the job: */
    double ios_per_s, bytes_per_s;

    bool search_is_over;
    uint32_t depth; /* that was found; 0: none */
    uint32_t step_count;
    SearchStep steps[SEARCH_STEPS_MAX];
} PacingReport;

/*
 * What a job's I/Os wait for besides a free slot, and what ends a job early: as
 * a plan asks for it, and as a report tells of it.  0 everywhere: no such thing.
 *
 * cffi reads this file as well as the compiler: plain declarations only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PACED_DIRECTIONS 3 /* read, write, trim */

/* A search doubles the depth, then halves the interval; a window each. */
#define SEARCH_STEPS_MAX 64

typedef struct PacingPlan {
    double bytes_per_s[PACED_DIRECTIONS]; /* the schedule; 0: none */
    double ios_per_s[PACED_DIRECTIONS];   /* the stricter of the two holds */
    bool poisson; /* gaps are exponential, not constant */
    double phase; /* constant gaps: the first I/O's delay, as share of a gap */

    uint64_t think_ns;       /* a pause, with nothing in flight; 0: none */
    uint64_t think_spin_ns;  /* the first part of it, spent busy */
    uint64_t think_ios;      /* I/Os between pauses; 0: do not count them */
    bool think_on_issue;     /* count I/Os when issued, not when completed */
    uint64_t think_every_ns; /* time between pauses; 0: do not go by time */
    bool think_shifts;       /* pauses shift the schedule */

    /* with all in flight, issue no more until so few are; 0: off */
    uint32_t depth_low;

    /* a longer latency ends the job; 0: none does */
    uint64_t max_latency_ns[PACED_DIRECTIONS];
    /* a lower rate ends the job; 0: none does */
    double min_bytes_per_s[PACED_DIRECTIONS];
    double min_ios_per_s[PACED_DIRECTIONS];
    uint64_t min_rate_cycle_ns; /* windows in which the rate is taken */

    uint64_t target_ns; /* search the depth that keeps latency below; 0: no */
    uint64_t target_window_ns; /* how long each depth is tried */
    double target_percent;     /* of I/Os must be below the target */
    bool target_goes_on;       /* then measure at the depth that was found */

    uint64_t start_delay_ns;
    bool nowait; /* an I/O that would wait in the kernel fails: EAGAIN */
} PacingPlan;

/* What one depth gave. */
typedef struct SearchStep {
    uint32_t depth;
    bool holds;           /* enough of the I/Os met the target */
    uint64_t ios, within; /* all, and those that met the target */
} SearchStep;

typedef struct PacingReport {
    uint64_t late;        /* I/Os issued LATE_NS or more after they were due */
    uint64_t late_max_ns; /* of all I/Os */

    /* How much of the schedule was issued in the window. */
    uint64_t scheduled_ns[PACED_DIRECTIONS];
    /* How much further behind the schedule it was at the window's end than at its start. */
    uint64_t behind_ns[PACED_DIRECTIONS];

    bool latency_exceeded; /* an I/O took too long; it is told here: */
    uint32_t direction;    /* also where the rate was missed */
    uint64_t offset, latency_ns;

    bool rate_missed; /* in a window, which had these rates: */
    double ios_per_s, bytes_per_s;

    bool search_is_over;
    uint32_t depth; /* the one found; 0: none */
    uint32_t step_count;
    SearchStep steps[SEARCH_STEPS_MAX];
} PacingReport;

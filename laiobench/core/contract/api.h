/*
 * The contract with Python: a plan goes in, a raw run comes out, and besides
 * there is start, wait, look and stop.  Strings are names from the core's own
 * tables; times are nanoseconds; descriptors are open and stay the caller's.
 *
 * cffi reads this file as well as the compiler: plain declarations only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "contract/counters.h"
#include "contract/data_plan.h"
#include "contract/engine_types.h"
#include "base/error.h"
#include "contract/latency_types.h"
#include "contract/pacing_plan.h"
#include "contract/target_limits.h"
#include "contract/verify_plan.h"
#include "contract/workload_shape.h"

typedef struct JobPlan {
    uint32_t worker; /* where it begins */
    int fd;
    TargetLimits limits;
    uint32_t iodepth;
    uint32_t block_bytes;   /* of the largest I/O */
    uint64_t region_start;  /* bytes */
    uint64_t region_blocks; /* places where an I/O may begin ... */
    uint32_t step_bytes;    /* ... so far apart */
    bool random;
    bool use_random_map;
    uint32_t read_percent;      /* 0: only writes */
    const WorkloadShape *shape; /* NULL: a plain workload, as told above */
    uint64_t ios;   /* in the measured window; 0: no limit but the runtime */
    uint64_t bytes; /* the same, in bytes; only with a shape */
    uint64_t ramp_ns;
    uint64_t runtime_ns; /* 0: until the ios, or bytes, are done */
    uint64_t seed;
    uint32_t memory_align; /* of buffers: this and not more; 4096: the usual */
    uint64_t move_every;   /* ios, then on to the next worker; 0: stay */
    uint32_t throttle; /* 1 + the index of the group that it is in; 0: none */
    bool continue_on_error;
    PacingPlan pacing;
    /* begins when these have finished: jobs before it, ... */
    uint32_t wait_for;
    uint32_t wait_for_count; /* ... so many from that one on; 0: at once */
    DataPlan data;
    VerifyPlan verify;
    uint32_t fsync_every, fdatasync_every; /* writes; 0: never */
    bool end_fsync;
    bool trim;             /* what would be written is trimmed instead, ... */
    bool write_after_trim; /* ... and then written */
    double spike; /* a slowness to plant: this share of each I/O; 0: none */
} JobPlan;

typedef struct WorkerPlan {
    const char *name; /* up to 15 characters are shown by the kernel */
    bool is_main;     /* runs in run_wait(), not on an IOThread; one at most */
    uint32_t next;    /* where jobs that move go on */
    const char *completion; /* one of completion.c's names */
    const char *engine;     /* one of engine.c's names */
    bool ppoll;             /* as the fd monitor, instead of epoll */
    bool resfd;             /* an eventfd per completion, needed or not */
    bool reap_on_submit;
    bool strict_short_io;
    uint32_t max_batch;    /* 0: all that there is */
    uint32_t complete_min; /* getevents: completions per call ... */
    uint32_t complete_max; /* ... and no more than these; 0: all there are */
    bool poll_step;       /* adaptive: judge by the last wait, not an average */
    uint64_t poll_max_ns; /* adaptive: look for so long at most; 0: don't */
    uint32_t poll_grow, poll_shrink;
    EngineOptions engine_options;
    const int *cpus;
    uint32_t cpu_count; /* 0: anywhere */
    int nice;           /* of its thread, besides the process's own */
} WorkerPlan;

/* A limit that jobs share. */
typedef struct ThrottlePlan {
    double ios_per_s;   /* 0: no limit */
    double bytes_per_s; /* 0: no limit */
    uint64_t burst_ns;  /* how much missed time may be made up for at once */
} ThrottlePlan;

typedef struct RunPlan {
    const WorkerPlan *workers;
    uint32_t worker_count;
    const ThrottlePlan *throttles;
    uint32_t throttle_count;
    const JobPlan *jobs;
    uint32_t job_count;
} RunPlan;

typedef struct Run Run;

/*
 * Set everything up, so that run_start() has nothing left to fail at.  NULL
 * on failure, with @error.
 */
Run *run_new(const RunPlan *plan, Error *error);

void run_start(Run *run);

/*
 * Wait until all jobs have finished, for @timeout_ms at most, or until a
 * signal.  Returns whether they have.  A worker that is_main runs in here, so
 * it must always be the same thread that waits.
 */
bool run_wait(Run *run, int timeout_ms);

/* Memory that a workload's random map takes; 0: it has none, or needs none. */
uint64_t shape_map_bytes(const WorkloadShape *shape);

/* Ask the jobs to issue no more; run_wait() tells when they have drained. */
void run_stop(Run *run);

/* The same, of one job. */
void run_stop_job(Run *run, uint32_t job);

/*
 * End the threads and give everything back.  The kernel lets go of an AIO
 * context only when nothing is in flight: take the reports before.
 */
void run_free(Run *run);

/* ---- what a job has come to; final once run_wait() said so -------------- */

typedef struct JobReport {
    uint64_t submitted, completed, failed, cancelled; /* in its whole life */
    uint64_t window_start_ns; /* CLOCK_MONOTONIC; 0: it never measured */
    uint64_t window_end_ns;   /* now, while it has not finished */
    bool has_finished;
    bool gave_up; /* nothing but failures */
    bool stalled; /* a fault of ours: it would have waited for nothing */
    PacingReport pacing;
} JobReport;

void run_job_report(const Run *run, uint32_t job, JobReport *report);

typedef struct DirectionReport {
    uint64_t ios, bytes, short_ios, eofs;
    const uint64_t *errors; /* ERRNO_COUNT of them, by errno */
} DirectionReport;

/* Of its verification; false if it does none. */
bool run_verify_report(const Run *run, uint32_t job, VerifyReport *report);

/* One of those that are kept.  Its bytes stay the run's. */
void run_verify_failure(const Run *run, uint32_t job, uint32_t index,
                        VerifyFailure *failure);

#define HISTOGRAM_COUNTS 27649 /* the last one: overflow */
#define ERRNO_COUNT 256

/* @direction: 0 read, 1 write, 2 trim, 3 sync.  False if it has none. */
bool run_direction_report(const Run *run, uint32_t job, uint32_t direction,
                          DirectionReport *report);

typedef struct LatencyReport {
    uint64_t min, max, sum; /* min is UINT64_MAX when there is nothing */
    uint32_t bins;
} LatencyReport;

/*
 * One of latency_type()'s, and the bins of its histogram that are not empty,
 * ascending: @indexes and @counts get @report->bins pairs, and have room for
 * HISTOGRAM_COUNTS.  False if there is no such direction or latency.
 */
bool run_latency_report(const Run *run, uint32_t job, uint32_t direction,
                        uint32_t latency, LatencyReport *report,
                        uint32_t *indexes, uint64_t *counts);

/* ---- what a worker has counted ------------------------------------------- */

typedef struct UsageReport {
    uint64_t cpu_ns;             /* exact */
    uint64_t user_ns, system_ns; /* its parts, coarse */
    uint64_t voluntary_switches, involuntary_switches;
    uint64_t run_delay_ns;
    /* how long the window was, of all its jobs together */
    uint64_t measured_ns;
} UsageReport;

typedef struct WorkerReport {
    Counters window;   /* while a job of its was measuring */
    Counters life;     /* since it was made */
    UsageReport usage; /* in the window */
    uint64_t submitted, completed, failed, cancelled; /* of jobs while here */
    uint64_t leftover_events; /* of the eventfd, read when idle */
    bool fdmon_fell_back;
    bool ready_needs_syscall; /* the engine could not look without one */
    bool cpus_changed;        /* those that its thread may run on, in mid-run */
    Error failure;            /* the loop's own */
} WorkerReport;

void run_worker_report(const Run *run, uint32_t worker, WorkerReport *report);

typedef struct ClockReport {
    bool hardware;
    double read_ns;
    double drift_ppm; /* against CLOCK_MONOTONIC, since the run was made */
} ClockReport;

void run_clock_report(const Run *run, ClockReport *report);

/* ---- looks at a running job ---------------------------------------------- */

typedef struct Sample {
    uint64_t at_ns;      /* CLOCK_MONOTONIC */
    uint64_t ios, bytes; /* since the last sample */
    bool is_new_window;  /* the window opened since then: all before is void */
    uint32_t bins;
    uint64_t max_ns; /* the longest lat so far in this window */
} Sample;

/*
 * What has been recorded since the last sample of this job, as a histogram of
 * lat over all directions: @indexes and @counts get @sample->bins pairs, and
 * have room for HISTOGRAM_COUNTS.  One thread at a time.
 */
void run_sample(Run *run, uint32_t job, Sample *sample, uint32_t *indexes,
                uint64_t *counts);

typedef struct Totals {
    uint64_t at_ns;      /* CLOCK_MONOTONIC */
    uint64_t ios, bytes; /* of all directions, since the window opened */
    const char *phase;   /* idle, delayed, ramp, searching, measuring, ... */
    bool is_measuring;   /* the window is open */
    bool has_finished;
    bool has_failed; /* has finished, and not as it was meant to */
} Totals;

/* How far a job is; costs little. */
void run_totals(const Run *run, uint32_t job, Totals *totals);

typedef struct DirectionTotals {
    uint64_t at_ns; /* CLOCK_MONOTONIC */
    uint64_t window_start_ns;
    uint64_t ios, bytes; /* since the window opened */
} DirectionTotals;

/*
 * The same of one direction; false if the job has none, or no window yet.
 * @latency_ns gets the sum of each of latency_type()'s.
 */
bool run_direction_totals(const Run *run, uint32_t job, uint32_t direction,
                          DirectionTotals *totals, uint64_t *latency_ns);

typedef struct InFlightReport {
    uint32_t direction; /* as in run_direction_report() */
    uint32_t bytes;
    uint64_t offset;
    uint64_t age_ns; /* since it was handed to the engine */
} InFlightReport;

/*
 * How many of a job's I/Os are not back; the @max oldest of them in @oldest,
 * the oldest first.  A look at a running job: some may be back by now.
 */
uint32_t run_in_flight(const Run *run, uint32_t job, InFlightReport *oldest,
                       uint32_t max);

/* ---- without a run --------------------------------------------------------- */

typedef struct PlannedIo {
    uint32_t direction; /* as in run_direction_report() */
    uint32_t bytes;
    uint64_t offset;
} PlannedIo;

/*
 * The first @count I/Os that a job would issue, into @ios.  0 or -ENOMEM.  Of
 * the plan, only what a workload needs is looked at.
 */
int plan_preview(const JobPlan *plan, PlannedIo *ios, uint64_t count);

/* ---- facts ---------------------------------------------------------------- */

uint64_t histogram_value(uint32_t index);

/* Of the C sources that this module was built from. */
const char *core_source_hash(void);

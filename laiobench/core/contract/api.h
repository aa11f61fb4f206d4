/*
 * The contract with Python for a run of jobs: the plan that a run is made
 * from, the calls that start, watch and stop it, and the reports of what it
 * did.  Strings are names from the core's own tables, times are nanoseconds,
 * and file descriptors are open and stay the caller's.  Says nothing of how a
 * run works.
 *
 * The thread that calls run_new() also calls run_wait() and run_free(); the
 * other functions may be called by any thread.
 *
 * cffi reads this file, too, so it has plain declarations only.
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
    uint32_t worker; /* index of the worker that it begins on */
    int fd;          /* the target; engines without one ignore it */
    TargetLimits limits;
    uint32_t iodepth;       /* requests in flight at most */
    uint32_t block_bytes;   /* of the largest I/O */
    uint64_t region_start;  /* offset of the region, in bytes */
    uint64_t region_blocks; /* number of offsets at which an I/O may begin */
    uint32_t step_bytes;    /* from one such offset to the next */
    bool random;
    bool use_random_map;        /* random: each block once in a pass */
    uint32_t read_percent;      /* 0: only writes */
    const WorkloadShape *shape; /* NULL: one block size, as planned above */
    uint64_t ios;        /* to issue in the measured window; 0: no limit */
    uint64_t bytes;      /* the same in bytes; needs a shape; 0: no limit */
    uint64_t ramp_ns;    /* not measured, before the window; 0: no ramp */
    uint64_t runtime_ns; /* of the window; 0: until the ios or bytes are done */
    uint64_t seed;       /* of offsets, sizes and data */
    /* buffers lie at multiples of this, but not of a larger power of two;
     * 4096: at pages */
    uint32_t memory_align;
    uint64_t move_every;    /* I/Os on one worker before it moves on; 0: stay */
    uint32_t throttle;      /* 1 + the index of its throttle group; 0: none */
    bool continue_on_error; /* a long run of failures does not end it */
    PacingPlan pacing;
    /* it begins when wait_for_count jobs, from index wait_for on, finished */
    uint32_t wait_for;
    uint32_t wait_for_count; /* 0: it begins at once */
    DataPlan data;
    VerifyPlan verify;
    uint32_t fsync_every, fdatasync_every; /* writes between two; 0: none */
    bool end_fsync;                        /* one fsync after the last I/O */
    bool trim;             /* trim each block instead of writing it */
    bool write_after_trim; /* then write the block that was trimmed */
    double spike; /* slowness to plant, as a share of each I/O; 0: none */
} JobPlan;

typedef struct WorkerPlan {
    const char *name; /* of its thread; the kernel shows 15 characters */
    bool is_main;     /* runs in run_wait(), without an IOThread; one at most */
    uint32_t next;    /* index of the worker to which its jobs move */
    const char *completion; /* a name from completion.c's table */
    const char *engine;     /* a name from engine.c's table */
    bool ppoll;             /* the fd monitor: ppoll instead of epoll */
    bool resfd;             /* signal an eventfd even if the mode needs none */
    bool reap_on_submit;    /* reap right after each submit */
    bool strict_short_io;   /* a short I/O is done; else its rest is issued */
    uint32_t max_batch;     /* requests per submit call; 0: no limit */
    uint32_t complete_min;  /* getevents: completions that a call waits for */
    uint32_t complete_max;  /* getevents: completions per call; 0: no limit */
    bool poll_step;       /* adaptive: judge by the last wait, not an average */
    uint64_t poll_max_ns; /* adaptive: longest time to look; 0: do not look */
    uint32_t poll_grow, poll_shrink; /* adaptive: factor and divisor */
    EngineOptions engine_options;
    const int *cpus;    /* that its thread may run on */
    uint32_t cpu_count; /* 0: it may run on all */
    int nice;           /* added to the nice value of the process */
} WorkerPlan;

/* A limit that several jobs share. */
typedef struct ThrottlePlan {
    double ios_per_s;   /* 0: no limit */
    double bytes_per_s; /* 0: no limit */
    uint64_t burst_ns;  /* missed time that may be made up for at once */
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
 * Make the jobs and the workers, and start the threads, so that run_start()
 * cannot fail.  NULL on failure, with @error.  The calling thread becomes the
 * home of the main worker, if the plan has one.
 */
Run *run_new(const RunPlan *plan, Error *error);

/*
 * Hand the jobs to their workers.  Those that wait for no other job, and have
 * no delay, begin at the same time.  To be called once.
 */
void run_start(Run *run);

/*
 * Wait until all jobs have finished, @timeout_ms have passed, or a signal
 * comes.  Returns whether all jobs have finished.  A worker that is_main runs
 * in this call.
 */
bool run_wait(Run *run, int timeout_ms);

/* Bytes of memory that a workload's random map takes; 0: it needs none. */
uint64_t shape_map_bytes(const WorkloadShape *shape);

/* Ask all jobs to issue no more I/Os; run_wait() waits until they drained. */
void run_stop(Run *run);

/* The same for one job. */
void run_stop_job(Run *run, uint32_t job);

/*
 * End the threads and free everything, reports included.  Waits for all
 * requests in flight, since the kernel destroys an AIO context only after
 * them: on a device that hangs this call hangs.
 */
void run_free(Run *run);

/* ---- results of a job; final once run_wait() has returned true ----------- */

typedef struct JobReport {
    uint64_t submitted, completed, failed, cancelled; /* ramp included */
    uint64_t window_start_ns; /* CLOCK_MONOTONIC; 0: no window has opened */
    uint64_t window_end_ns;   /* until it finishes: the time of this report */
    bool has_finished;
    bool gave_up; /* ended by a long run of failures */
    bool stalled; /* ended by a bug here: nothing would have gone on */
    PacingReport pacing;
} JobReport;

/* What a job has done so far.  @job, here and below: its index in the plan. */
void run_job_report(const Run *run, uint32_t job, JobReport *report);

typedef struct DirectionReport {
    /* that succeeded in the window; of these, how many were short at first;
     * failures since the target ended before the I/O */
    uint64_t ios, bytes, short_ios, eofs;
    /* failures by errno: an array of ERRNO_COUNT, which is the run's */
    const uint64_t *errors;
} DirectionReport;

/* The job's verification; false if it does not verify. */
bool run_verify_report(const Run *run, uint32_t job, VerifyReport *report);

/* Bad block @index, below VerifyReport.failures.  Its bytes are the run's. */
void run_verify_failure(const Run *run, uint32_t job, uint32_t index,
                        VerifyFailure *failure);

#define HISTOGRAM_COUNTS 27649 /* bins; the last one counts the overflow */
#define ERRNO_COUNT 256

/* @direction: 0 read, 1 write, 2 trim, 3 sync.  False if the job has none. */
bool run_direction_report(const Run *run, uint32_t job, uint32_t direction,
                          DirectionReport *report);

typedef struct LatencyReport {
    uint64_t min, max, sum; /* ns; min is UINT64_MAX if nothing is counted */
    uint32_t bins;          /* that are not empty */
} LatencyReport;

/*
 * The latency with the number @latency, as in latency_type().  @indexes and
 * @counts get the bins of its histogram that are not empty, @report->bins of
 * them, in ascending order; both must have room for HISTOGRAM_COUNTS.  False
 * if there is no such direction or latency.
 */
bool run_latency_report(const Run *run, uint32_t job, uint32_t direction,
                        uint32_t latency, LatencyReport *report,
                        uint32_t *indexes, uint64_t *counts);

/* ---- what a worker has counted ------------------------------------------- */

typedef struct UsageReport {
    uint64_t cpu_ns;             /* exact */
    uint64_t user_ns, system_ns; /* parts of it, by the kernel's sampling */
    uint64_t voluntary_switches, involuntary_switches;
    uint64_t run_delay_ns; /* ready to run, but without a CPU */
    /* in cpu_ns, too: kernel threads that carry I/Os out, and that submit */
    uint64_t kernel_workers_ns, kernel_worker_wakeups, kernel_poller_ns;
    uint64_t measured_ns; /* time in which a job here was measured */
} UsageReport;

typedef struct WorkerReport {
    Counters window;   /* while at least one job here was measured */
    Counters life;     /* since the worker was made */
    UsageReport usage; /* in the same time as `window` */
    uint64_t submitted, completed, failed, cancelled; /* by jobs on it */
    uint64_t leftover_events; /* read from the eventfd after the last reap */
    bool fdmon_fell_back;     /* from epoll to ppoll */
    bool ready_needs_syscall; /* the engine needs a system call to look */
    EngineSetUp set_up;       /* the engine's */
    bool cpus_changed;        /* its thread's affinity changed during the run */
    Error failure;            /* of the loop itself; code 0: none */
} WorkerReport;

/* What a worker has counted so far.  @worker: its index in the plan. */
void run_worker_report(const Run *run, uint32_t worker, WorkerReport *report);

typedef struct ClockReport {
    bool hardware;    /* the CPU's counter; else clock_gettime() */
    double read_ns;   /* the cost of one reading */
    double drift_ppm; /* from CLOCK_MONOTONIC, since the run was made */
} ClockReport;

/* The clock of the run: the same for all threads. */
void run_clock_report(const Run *run, ClockReport *report);

/* ---- a job while it runs ------------------------------------------------- */

typedef struct Sample {
    uint64_t at_ns;      /* CLOCK_MONOTONIC */
    uint64_t ios, bytes; /* since the last sample */
    bool is_new_window;  /* a window opened: forget all earlier samples */
    uint32_t bins;       /* that have changed */
    uint64_t max_ns;     /* the longest lat so far in this window */
} Sample;

/*
 * What the job has recorded since its last sample.  @indexes and @counts get a
 * histogram of lat over all directions, in @sample->bins pairs; both must have
 * room for HISTOGRAM_COUNTS.  Only one thread at a time may take samples of a
 * job.
 */
void run_sample(Run *run, uint32_t job, Sample *sample, uint32_t *indexes,
                uint64_t *counts);

typedef struct Totals {
    uint64_t at_ns;      /* CLOCK_MONOTONIC */
    uint64_t ios, bytes; /* of all directions, since the window opened */
    const char *phase;   /* idle, delayed, ramp, searching, measuring, ... */
    bool is_measuring;   /* the window is open */
    bool has_finished;
    bool has_failed; /* it finished with failed I/Os, or was cut short */
} Totals;

/* How far a job is.  Cheaper than a sample. */
void run_totals(const Run *run, uint32_t job, Totals *totals);

typedef struct DirectionTotals {
    uint64_t at_ns; /* CLOCK_MONOTONIC */
    uint64_t window_start_ns;
    uint64_t ios, bytes; /* since the window opened */
} DirectionTotals;

/*
 * The same for one direction.  @latency_ns gets the sum of each latency, in the
 * order of latency_type().  False if the job has no such direction, or if its
 * window has not opened yet.
 */
bool run_direction_totals(const Run *run, uint32_t job, uint32_t direction,
                          DirectionTotals *totals, uint64_t *latency_ns);

typedef struct InFlightReport {
    uint32_t direction; /* as in run_direction_report() */
    uint32_t bytes;
    uint64_t offset;
    uint64_t age_ns; /* since it was queued */
} InFlightReport;

/*
 * Returns how many requests of a job are in flight or pending, and puts the
 * @max oldest into @oldest, the oldest first.  The job runs meanwhile, so some
 * may have completed when this returns.
 */
uint32_t run_in_flight(const Run *run, uint32_t job, InFlightReport *oldest,
                       uint32_t max);

/* ---- without a run ------------------------------------------------------- */

typedef struct PlannedIo {
    uint32_t direction; /* as in run_direction_report() */
    uint32_t bytes;
    uint64_t offset;
} PlannedIo;

/*
 * Put the first @count I/Os that a job would issue into @ios.  Reads only the
 * part of @plan that describes the workload.  0 or -ENOMEM.
 */
int plan_preview(const JobPlan *plan, PlannedIo *ios, uint64_t count);

/* ---- facts --------------------------------------------------------------- */

/* The smallest latency, in ns, that bin @index of a histogram counts. */
uint64_t histogram_value(uint32_t index);

/* A hash of the C sources that this module was built from. */
const char *core_source_hash(void);

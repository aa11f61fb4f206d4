/*
 * The state of a job: what all files of this folder share, and what others may
 * ask of it.  What happens to it is in job_issue, job_phases and job.
 */
#pragma once

#include "job/side_io.h"
#include "engines/engine.h"
#include "pacing/admission.h"
#include "job/job_memory.h"
#include "record/recorder.h"
#include "engines/target.h"
#include "pacing/throttle.h"
#include "loop/timer.h"
#include "workload/workload.h"

#define JOB_UNLIMITED UINT64_MAX

typedef struct JobConfig {
    int fd;
    TargetLimits limits;
    uint32_t iodepth;
    WorkloadPlan workload;
    uint64_t ios;   /* to issue in the measured window, or JOB_UNLIMITED */
    uint64_t bytes; /* 0: no limit; only where the workload has a shape */
    uint64_t ramp_ns;
    uint64_t runtime_ns; /* 0: until the I/Os are issued */
    uint64_t seed;       /* of the data written */
    DataPlan data;
    SideIoPlan side_io;
    uint32_t memory_align; /* of the buffers: this, and not more */
    uint64_t move_every; /* I/Os on one context, then on to the next; 0: stay */
    ThrottleGroup *throttle; /* NULL: none */
    PacingPlan pacing;
    bool is_mix; /* any direction may come next, so a schedule may choose */
    bool continue_on_error;
    double spike; /* a slowness that is planted; 0: none */
} JobConfig;

typedef enum JobPhase {
    JOB_IDLE,
    JOB_DELAYED, /* its time to begin has not come */
    JOB_RAMP,
    JOB_SEARCHING, /* for the depth at which to measure */
    JOB_MEASURING,
    JOB_DRAINING,  /* issues nothing more; completions still count */
    JOB_VERIFYING, /* reads back what was written; nothing is measured */
    JOB_FINISHED,
} JobPhase;

typedef enum JobEnd {
    JOB_NOT_ENDED,       /* it may still issue; 0, as it is made */
    JOB_END_COMPLETE,    /* all I/Os issued, or the runtime over */
    JOB_END_STOPPED,     /* asked to */
    JOB_END_ERRORS,      /* nothing but failures for a while */
    JOB_END_BAD_DATA,    /* verification failed, and one failure is enough */
    JOB_END_LOOP_FAILED, /* the context's own failure */
    JOB_END_BOUND,   /* a latency or a rate that was not to be: see admission */
    JOB_END_STALLED, /* a fault of ours: it would have waited for nothing */
} JobEnd;

/* Of a stretch of a job's life: submitted = completed + failed + cancelled. */
typedef struct JobAccounts {
    uint64_t submitted, completed, failed, cancelled;
} JobAccounts;

typedef struct Job Job;

/* What a job tells whoever runs it; on its context's home thread. */
typedef struct JobEvents {
    void (*measuring)(void *opaque, Job *job); /* its window opens */
    void (*measured)(void *opaque, Job *job);  /* it closes before the end */
    void (*may_move)(void *opaque, Job *job);  /* time to, and all is drained */
    void (*finished)(void *opaque, Job *job); /* for good, and all is drained */
} JobEvents;

struct Job {
    /* What every I/O touches. */
    Target target;
    Workload workload;
    Recorder recorder;
    uint64_t budget; /* I/Os still to issue */
    uint32_t in_flight;
    uint32_t failures_in_a_row;
    bool takes_detour;    /* is gated, or has a spike planted */
    bool is_gated;        /* slots are not simply refilled: see pump() */
    JobAccounts accounts; /* of its whole life */

    /* Gated: the slots that wait, and what for. */
    Request **idle;
    uint32_t idle_count;
    bool is_moving; /* drains, to go on on another context */
    uint64_t ios_until_move;
    uint64_t bytes_left; /* still to issue, where they are limited */
    ThrottleMember throttle;
    Admission admission;
    SideIo side_io;

    JobConfig config;
    AioContext *ctx;
    JobMemory memory;
    RandomStream data;
    Timer timer;             /* at the end of the phase ... */
    uint64_t phase_deadline; /* ... in ticks, kept while moving; 0: none */
    uint64_t begin_at;       /* ticks: not before; 0: at once */
    uint64_t runtime_end; /* of a search and what follows it; ticks, 0: none */
    JobPhase phase;       /* atomic: others look */
    JobEnd end;
    bool stop_requested;               /* atomic: by any thread */
    uint64_t window_start, window_end; /* ticks */
    uint64_t verify_start, verify_end; /* ticks; 0: it does not verify */
    const JobEvents *events;
    void *events_opaque;

    /* Belong to the worker that it is on, or on the way to. */
    JobAccounts at_attach;
    bool is_in_window;
    Job *next_arrival;
    TAILQ_ENTRY(Job) node;
};

/* By any thread; whoever runs it has to see to it. */
static inline bool job_is_asked_to_stop(const Job *job)
{
    return __atomic_load_n(&job->stop_requested, __ATOMIC_RELAXED);
}

static inline bool job_is_finished(const Job *job)
{
    return __atomic_load_n(&job->phase, __ATOMIC_ACQUIRE) == JOB_FINISHED;
}

/* It ended before its work was done: nothing more goes out. */
static inline bool job_was_cut_short(const Job *job)
{
    return job->end > JOB_END_COMPLETE;
}

/* In its measured window, drain included. */
static inline bool job_is_measuring(const Job *job)
{
    return job->phase == JOB_MEASURING || job->phase == JOB_DRAINING;
}

static inline uint32_t job_index_of(const Job *job, const Request *request)
{
    return (uint32_t)(request - job->memory.requests);
}

/* The runtime is over, though its timer has not been served yet. */
static inline bool job_window_is_over(const Job *job)
{
    return job->phase == JOB_MEASURING && job->phase_deadline > 0 &&
           job->ctx->now >= job->phase_deadline;
}

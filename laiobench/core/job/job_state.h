/*
 * The state of a job, which the files of this folder share, and what other
 * folders may read of it.  job_issue, job_phases and job change it.
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
    uint64_t bytes; /* the same in bytes; needs a shape; 0: no limit */
    uint64_t ramp_ns;
    uint64_t runtime_ns; /* 0: until all I/Os are issued */
    uint64_t seed;       /* of the data to write */
    DataPlan data;
    SideIoPlan side_io;
    uint32_t memory_align;   /* of buffers, bytes; see JobMemoryPlan */
    uint64_t move_every;     /* I/Os on a context before it moves; 0: stay */
    ThrottleGroup *throttle; /* NULL: none */
    PacingPlan pacing;
    bool is_mix; /* any direction may be next, so the schedule decides */
    bool continue_on_error;
    double spike; /* see spike.h; 0: none */
} JobConfig;

typedef enum JobPhase {
    JOB_IDLE,
    JOB_DELAYED, /* waits for the time at which it is to begin */
    JOB_RAMP,
    JOB_SEARCHING, /* for the depth at which to measure */
    JOB_MEASURING,
    JOB_DRAINING,  /* issues no more I/Os; completions still count */
    JOB_VERIFYING, /* reads back what was written, without measuring */
    JOB_FINISHED,
} JobPhase;

typedef enum JobEnd {
    JOB_NOT_ENDED,       /* it may still issue I/Os; must be 0 */
    JOB_END_COMPLETE,    /* all I/Os are issued, or the runtime is over */
    JOB_END_STOPPED,     /* it was asked to stop */
    JOB_END_ERRORS,      /* FAILURES_TO_GIVE_UP in a row */
    JOB_END_BAD_DATA,    /* a bad block, and the plan says that it is fatal */
    JOB_END_LOOP_FAILED, /* the context has failed */
    JOB_END_BOUND,       /* a latency or a rate crossed its bound */
    JOB_END_STALLED,     /* a bug: it would have waited for ever */
} JobEnd;

/* When no request is in flight: submitted = completed + failed + cancelled. */
typedef struct JobAccounts {
    uint64_t submitted, completed, failed, cancelled;
} JobAccounts;

typedef struct Job Job;

/* Callbacks for the worker of a job, on the home thread of its context. */
typedef struct JobEvents {
    void (*measuring)(void *opaque, Job *job); /* its window opens */
    /* its window closes, and verification begins */
    void (*measured)(void *opaque, Job *job);
    /* no request is in flight, and it is to move to another context */
    void (*may_move)(void *opaque, Job *job);
    /* no request is in flight, and it will issue no more */
    void (*finished)(void *opaque, Job *job);
} JobEvents;

struct Job {
    /* used by every I/O, so these are close together */
    Target target;
    Workload workload;
    Recorder recorder;
    uint64_t budget; /* I/Os left to issue */
    uint32_t in_flight;
    uint32_t failures_in_a_row;
    bool uses_slow_path;  /* is_controlled, or has a spike */
    bool is_controlled;   /* I/Os may have to wait: job_pump() issues them */
    JobAccounts accounts; /* since it was made */

    /* if is_controlled: slots without a request, and what they wait for */
    Request **idle;
    uint32_t idle_count;
    bool is_moving; /* drains, to continue on another context */
    uint64_t ios_until_move;
    uint64_t bytes_left; /* to issue; JOB_UNLIMITED: no limit */
    ThrottleMember throttle;
    Admission admission;
    SideIo side_io;

    JobConfig config;
    AioContext *ctx;
    JobMemory memory;
    RandomStream data;
    Timer timer;             /* at the end of the phase */
    uint64_t phase_deadline; /* that time in ticks; 0: no timer */
    uint64_t begin_at;       /* earliest time to begin; ticks; 0: at once */
    uint64_t runtime_end;    /* of a search and its window; ticks; 0: none */
    JobPhase phase;          /* atomic: other threads read it */
    JobEnd end;
    bool stop_requested;               /* atomic: any thread sets it */
    uint64_t window_start, window_end; /* ticks */
    uint64_t verify_start, verify_end; /* ticks; 0: it did not verify */
    const JobEvents *events;
    void *events_opaque;

    /* used only by the worker that the job is on, or on its way to */
    JobAccounts at_attach; /* the accounts when it arrived */
    bool is_in_window;     /* the worker counts it as measuring */
    Job *next_arrival;
    TAILQ_ENTRY(Job) node;
};

/* Any thread may ask; the worker must call job_stop(). */
static inline bool job_is_asked_to_stop(const Job *job)
{
    return __atomic_load_n(&job->stop_requested, __ATOMIC_RELAXED);
}

/* Any thread.  Acquire: then all that the job did is visible. */
static inline bool job_is_finished(const Job *job)
{
    return __atomic_load_n(&job->phase, __ATOMIC_ACQUIRE) == JOB_FINISHED;
}

/* Did it end before its work was done?  Then it issues nothing more. */
static inline bool job_was_cut_short(const Job *job)
{
    return job->end > JOB_END_COMPLETE;
}

/* Is it in its measured window, drain included? */
static inline bool job_is_measuring(const Job *job)
{
    return job->phase == JOB_MEASURING || job->phase == JOB_DRAINING;
}

static inline uint32_t job_index_of(const Job *job, const Request *request)
{
    return (uint32_t)(request - job->memory.requests);
}

/* Is the runtime over?  Its timer may not have run yet. */
static inline bool job_window_is_over(const Job *job)
{
    return job->phase == JOB_MEASURING && job->phase_deadline > 0 &&
           job->ctx->now >= job->phase_deadline;
}

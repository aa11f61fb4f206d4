/*
 * Job: keeps a target busy.  It owns the requests and their buffers, decides
 * how many I/Os are still to be issued, and moves through its phases: ramp,
 * measured window, drain.  It runs on one AioContext, whose loop hands it
 * each finished request; it never sees how completions are noticed.
 */
#pragma once

#include "engine.h"
#include "recorder.h"
#include "timer.h"
#include "workload.h"

#define JOB_UNLIMITED UINT64_MAX

typedef struct JobConfig {
    int fd;
    uint32_t iodepth;
    WorkloadPlan workload;
    uint64_t ios;        /* to issue in the measured window, or JOB_UNLIMITED */
    uint64_t ramp_ns;
    uint64_t runtime_ns; /* 0: until the I/Os are issued */
    uint64_t seed;       /* of the data written */
    bool continue_on_error;
} JobConfig;

typedef enum JobPhase {
    JOB_IDLE,
    JOB_RAMP,
    JOB_MEASURING,
    JOB_DRAINING, /* issues nothing more; completions still count */
    JOB_FINISHED,
} JobPhase;

typedef enum JobEnd {
    JOB_END_COMPLETE,    /* all I/Os issued, or the runtime over */
    JOB_END_STOPPED,     /* asked to */
    JOB_END_ERRORS,      /* nothing but failures for a while */
    JOB_END_LOOP_FAILED, /* the context's own failure */
} JobEnd;

typedef struct Job Job;

typedef struct JobEvents {
    void (*measuring)(void *opaque, Job *job); /* its window opens */
    void (*finished)(void *opaque, Job *job);  /* nothing is in flight */
} JobEvents;

struct Job {
    /* What every I/O touches. */
    Engine *engine;
    Workload workload;
    Recorder recorder;
    uint64_t budget; /* I/Os still to issue */
    uint32_t in_flight;
    uint32_t failures_in_a_row;

    /* Of the job's whole life: submitted = completed + failed + cancelled. */
    uint64_t submitted, completed, failed, cancelled;

    JobConfig config;
    AioContext *ctx;
    Request *requests;
    uint8_t *buffers;
    size_t buffer_stride;
    RandomStream data;
    Timer timer; /* at the end of the phase */
    JobPhase phase; /* atomic: others look */
    JobEnd end;
    uint64_t window_start, window_end; /* ticks */
    const JobEvents *events;
    void *events_opaque;
};

/* Make the requests and their buffers.  0 or -errno. */
int job_init(Job *job, const JobConfig *config, const Clock *clock,
             Error *error);
void job_cleanup(Job *job);

/* Where it runs.  Its engine must be that context's. */
void job_attach(Job *job, AioContext *ctx, Engine *engine,
                const JobEvents *events, void *opaque);

/* It runs nowhere any more; what it has in flight is the engine's to end. */
void job_detach(Job *job);

/* Fill the queue. */
void job_start(Job *job);

/* Issue no more; it finishes when nothing is in flight. */
void job_stop(Job *job, JobEnd why);

/* Of the context's done list: record @request and issue the next. */
void job_handle(Job *job, Request *request);

static inline bool job_is_finished(const Job *job)
{
    return __atomic_load_n(&job->phase, __ATOMIC_ACQUIRE) == JOB_FINISHED;
}

/*
 * Run: the workers, threads and jobs that a plan asks for.  Behind api.h:
 * run_plan.c reads the plan, run.c makes and drives it, report.c tells what came
 * of it.
 */
#pragma once

#include "contract/api.h"
#include "run/iothread.h"

/* Of a job: what the last sample saw. */
typedef struct Sampler {
    uint32_t generation;
    uint64_t bytes;
    uint64_t counts[HISTOGRAM_COUNTS];
} Sampler;

/* A job's wait for others; that of one that waits for nobody is over. */
typedef struct Wait {
    uint32_t first, count; /* for whom */
    uint32_t unfinished;   /* atomic: of them */
    bool is_over;          /* atomic: it has been handed over */
} Wait;

/* A worker, and the thread that runs it unless it is the main one. */
typedef struct RunWorker {
    Worker worker;
    IOThread iothread;
    bool is_main;
    bool is_open; /* has jobs, or may get some */
} RunWorker;

struct Run {
    Clock clock;
    RunWorker *workers;
    uint32_t worker_count;
    ThrottleGroup *throttles;
    uint32_t throttle_count;
    RunWorker *main; /* NULL: all have threads */
    Job *jobs;
    uint32_t *first_worker; /* of each job */
    Wait *waits;            /* of each job: for others to finish */
    Sampler **samplers;     /* of each job; made at its first sample */
    uint32_t job_count;
    bool go;                /* atomic: all have been handed over */
    uint32_t unfinished;    /* atomic: jobs */
    EventNotifier finished; /* set by each that has */
    Timer slice;            /* on the main worker: the end of run_wait() */
    bool slice_is_over;
};

/* All jobs have finished, so that what they and the workers counted is final. */
bool run_is_over(const Run *run);

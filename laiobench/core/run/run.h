/*
 * Run: the workers, threads and jobs of a plan.  These files implement api.h:
 * run_plan.c reads the plan, run.c makes a run and drives it, report.c has its
 * results, and sampler.c, totals.c and in_flight.c watch it while it runs.
 */
#pragma once

#include "contract/api.h"
#include "run/iothread.h"

/* What the last sample of a job saw. */
typedef struct Sampler {
    uint32_t generation;
    uint64_t bytes;
    uint64_t counts[HISTOGRAM_COUNTS];
} Sampler;

/* The jobs that a job waits for before it begins. */
typedef struct Wait {
    uint32_t first, count; /* their indices: count of them, from first on */
    uint32_t unfinished;   /* atomic: how many of them have not finished */
    bool is_over;          /* atomic: the job was handed to its worker */
} Wait;

/* A worker, and its thread, unless it is the main worker. */
typedef struct RunWorker {
    Worker worker;
    IOThread iothread;
    EngineUser *users; /* its engine's */
    bool is_main;
    bool is_open; /* so it must be closed */
} RunWorker;

struct Run {
    Clock clock;
    RunWorker *workers;
    uint32_t worker_count;
    ThrottleGroup *throttles;
    uint32_t throttle_count;
    RunWorker *main; /* NULL: all workers have threads */
    Job *jobs;
    uint32_t *first_worker; /* for each job: the index of a worker */
    Wait *waits;            /* for each job */
    Sampler **samplers;     /* for each job; made at its first sample */
    uint32_t job_count;
    bool go;                /* atomic: all jobs are handed over */
    uint32_t unfinished;    /* atomic: jobs that have not finished */
    EventNotifier finished; /* each job that finishes sets it */
    Timer slice;            /* on the main worker: the end of run_wait() */
    bool slice_is_over;
};

/* Have all jobs finished?  Then all that jobs and workers count is final. */
bool run_is_over(const Run *run);

/*
 * Worker: an AioContext with its engine and completion mode, and the jobs that
 * run on it.  An IOThread runs one, or any other thread does.  Jobs arrive
 * from other threads, and may move to another worker before they finish.
 * Knows nothing of the run as a whole.
 */
#pragma once

#include "loop/event_loop.h"
#include "completion/completion_life.h"
#include "job/job.h"
#include "run/thread_usage.h"

typedef struct WorkerConfig {
    FdMonKind fdmon;
    const CompletionMode *completion;
    const EngineType *engine;
    EngineConfig engine_config;
    uint32_t min_nr;    /* getevents: completions that a call waits for */
    PollRule poll_rule; /* adaptive: how long to look before sleeping */
    uint64_t poll_max_ns;
    uint32_t poll_grow, poll_shrink;
} WorkerConfig;

typedef struct Worker Worker;

struct Worker {
    AioContext ctx;
    DoneList done;
    Engine *engine; /* of `completion`, once it is open */
    Completion completion;
    TAILQ_HEAD(, Job) jobs;
    uint32_t job_count;

    WorkerConfig config;
    Worker *next;   /* to which its jobs move */
    const bool *go; /* atomic: until it is true, jobs that arrive wait */
    Job *arrivals;  /* atomic: stack of jobs handed over, not received yet */
    BottomHalf *arrive_bh, *drain_bh;
    int schedstat_fd;
    ThreadCpus cpus;   /* the thread's affinity when it was opened */
    bool cpus_changed; /* since then; the core never does that */

    /* sums over all times in which at least one job here is measured */
    uint32_t jobs_in_window;
    Counters window, at_open;
    ThreadUsage usage, used_at_open;

    JobAccounts accounts; /* sums of what jobs did on this worker */
    Counters life;        /* all counters, when the last job left */
    Error failure;        /* of the loop itself; code 0: none */

    void (*job_finished)(void *opaque, Job *job); /* on the home thread */
    void *opaque;
};

/*
 * Make the context; the calling thread is its home until worker_open().
 * @job_finished is called on the home thread, with @opaque.  0, or -errno with
 * @error.
 */
int worker_init(Worker *worker, const WorkerConfig *config, const Clock *clock,
                const bool *go, void (*job_finished)(void *opaque, Job *job),
                void *opaque, Error *error);

/* The thread that has run it must have ended, or be the caller. */
void worker_cleanup(Worker *worker);

/*
 * Open the engine and its completion mode.  The calling thread is the home
 * thread from now on.  0, or -errno with @error.
 */
int worker_open(Worker *worker, Error *error);

/* Home thread: close the engine, which waits for all requests in flight. */
void worker_close(Worker *worker);

/* Let @job run here.  It must be on no other worker.  Any thread. */
void worker_hand_over(Worker *worker, Job *job);

/* Have the home thread stop the jobs that were asked to stop.  Any thread. */
void worker_check_stop(Worker *worker);

/* Home thread: one round of the loop, then handle what is done. */
void worker_run_once(Worker *worker);

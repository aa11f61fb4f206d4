/*
 * Worker: an AioContext with its engine and completion mode, and the jobs
 * that run on it now.  An IOThread runs one, and so may any other thread.
 * Jobs arrive, and may go on to another worker in the middle of their work.
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
    uint32_t min_nr;    /* getevents: completions to wait for at a time */
    PollRule poll_rule; /* adaptive: how long to look before sleeping */
    uint64_t poll_max_ns;
    uint32_t poll_grow, poll_shrink;
} WorkerConfig;

typedef struct Worker Worker;

struct Worker {
    AioContext ctx;
    DoneList done;
    Engine *engine; /* of the completion, once it is open */
    Completion completion;
    TAILQ_HEAD(, Job) jobs;
    uint32_t job_count;

    WorkerConfig config;
    Worker *next;   /* where jobs that move go on */
    const bool *go; /* atomic: until it is true, jobs that arrive wait */
    Job *arrivals;  /* atomic: handed over, not seen yet */
    BottomHalf *arrive_bh, *drain_bh;
    int schedstat_fd;
    ThreadCpus cpus;   /* where it might run when it was opened */
    bool cpus_changed; /* since then, and not by us */

    /* Whenever a job of ours is in its measured window, added up. */
    uint32_t jobs_in_window;
    Counters window, at_open;
    ThreadUsage usage, used_at_open;

    JobAccounts accounts; /* of what jobs did here */
    Counters life;        /* as they were when the last job left */
    Error failure;        /* the loop's own */

    void (*job_finished)(void *opaque, Job *job); /* on the home thread */
    void *opaque;
};

/* Make the context; the calling thread is its home for now.  0 or -errno. */
int worker_init(Worker *worker, const WorkerConfig *config, const Clock *clock,
                const bool *go, void (*job_finished)(void *opaque, Job *job),
                void *opaque, Error *error);

/* The thread that has run it is gone, or is the caller. */
void worker_cleanup(Worker *worker);

/* Home thread from now on: the caller.  Open the engine, which the mode reaps. */
int worker_open(Worker *worker, Error *error);

/* Home thread: close the engine, which waits for what is in flight. */
void worker_close(Worker *worker);

/* Let @job run here; its first worker begins it.  Any thread. */
void worker_hand_over(Worker *worker, Job *job);

/* Look for jobs that were asked to stop, and stop them.  Any thread. */
void worker_check_stop(Worker *worker);

/* Home thread: one round of the loop, and of the jobs. */
void worker_run_once(Worker *worker);

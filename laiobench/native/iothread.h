/*
 * IOThread: a native thread that owns one AioContext, with its engine and
 * completion mode, and runs jobs on it until told to stop.
 */
#pragma once

#include <pthread.h>

#include "aio_context.h"
#include "completion.h"
#include "job.h"

typedef struct IOThreadConfig {
    char name[16]; /* as the kernel shows it */
    FdMonKind fdmon;
    const CompletionMode *completion;
    const EngineType *engine;
    EngineConfig engine_config;
    uint32_t min_nr;  /* getevents: completions to wait for at a time */
    const int *cpus;  /* to run on; borrowed until the thread has started */
    uint32_t cpu_count; /* 0: anywhere */
} IOThreadConfig;

/* What the kernel says of the thread at one moment. */
typedef struct Usage {
    uint64_t user_ns, system_ns;
    uint64_t voluntary_switches, involuntary_switches;
    uint64_t run_delay_ns; /* ready to run, and not running */
} Usage;

typedef struct IOThread {
    IOThreadConfig config;
    AioContext ctx;
    DoneList done;
    Engine *engine;
    Completion completion;
    Job *jobs;
    uint32_t job_count;
    uint32_t unfinished;

    pthread_t thread;
    bool running; /* the home thread's own */
    BottomHalf *start_bh, *drain_bh, *quit_bh;
    int schedstat_fd;

    /* From the first job's window opening to the last one's end. */
    bool window_is_open;
    bool has_closed_window; /* atomic */
    Counters at_open, at_close;
    Usage used_at_open, used_at_close;

    void (*finished)(void *opaque); /* on the IOThread, after the last job */
    void *finished_opaque;

    pthread_mutex_t lock; /* for setup, before the first request */
    pthread_cond_t is_set_up;
    bool set_up;
    Error error; /* of the setup, and then the loop's failure */
} IOThread;

/*
 * Start a thread for @jobs, and wait until all is ready for them to start.
 * On failure nothing is left behind.  0 or -errno.
 */
int iothread_init(IOThread *iothread, const IOThreadConfig *config, Job *jobs,
                  uint32_t job_count, const Clock *clock,
                  void (*finished)(void *opaque), void *opaque, Error *error);

/* Any thread: let the jobs go; have them issue no more. */
void iothread_start_jobs(IOThread *iothread);
void iothread_drain_jobs(IOThread *iothread);

/* End the thread, whose jobs have finished, and free what it had. */
void iothread_cleanup(IOThread *iothread);

/*
 * IOThread: a native thread that runs one worker until it is told to quit.
 * Knows nothing of jobs.
 */
#pragma once

#include <pthread.h>

#include "run/worker.h"

typedef struct IOThreadConfig {
    const char *name;   /* the kernel shows 15 characters of it */
    const int *cpus;    /* to run on; used only by iothread_start() */
    uint32_t cpu_count; /* 0: it may run on all */
    int nice;           /* added to the nice value that it inherits */
} IOThreadConfig;

typedef struct IOThread {
    Worker *worker;
    IOThreadConfig config;
    pthread_t thread;
    BottomHalf *quit_bh;
    bool running; /* used only by the thread itself */

    pthread_mutex_t lock; /* for the setup: guards the members below */
    pthread_cond_t is_set_up;
    bool set_up;
    Error error; /* of the setup */
} IOThread;

/*
 * Start a thread for @worker, and wait until the worker is open, so that its
 * jobs can begin at once.  0, or -errno with @error; on failure no thread is
 * left.
 */
int iothread_start(IOThread *iothread, Worker *worker,
                   const IOThreadConfig *config, Error *error);

/* Have the thread leave its loop and close the worker; wait until it ends. */
void iothread_join(IOThread *iothread);

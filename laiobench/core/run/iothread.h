/*
 * IOThread: a native thread that runs one worker until it is told to stop.
 */
#pragma once

#include <pthread.h>

#include "run/worker.h"

typedef struct IOThreadConfig {
    const char *name;   /* up to 15 characters are shown by the kernel */
    const int *cpus;    /* to run on; needed until iothread_start() returns */
    uint32_t cpu_count; /* 0: anywhere */
    int nice;           /* added to what the thread would have */
} IOThreadConfig;

typedef struct IOThread {
    Worker *worker;
    IOThreadConfig config;
    pthread_t thread;
    BottomHalf *quit_bh;
    bool running; /* the thread's own */

    pthread_mutex_t lock; /* for the setup alone */
    pthread_cond_t is_set_up;
    bool set_up;
    Error error; /* of the setup */
} IOThread;

/*
 * Start a thread for @worker, and wait until it is open, so that jobs have
 * nothing to wait for.  0 or -errno; on failure no thread is left.
 */
int iothread_start(IOThread *iothread, Worker *worker,
                   const IOThreadConfig *config, Error *error);

/* Have it leave its loop and close the worker; wait for that. */
void iothread_join(IOThread *iothread);

/*
 * The kernel's own threads that work for a thread's io_urings: workers, which
 * carry out what could not be started without waiting, and the one that submits
 * (SQPOLL).  They belong to the process, and what they use is paid for by whoever
 * submitted.  Knows what they have used so far, not what they did.
 *
 * For the thread that submits: they are named after it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct UringWorker {
    int thread;
    bool is_there;           /* it was at the latest look */
    uint64_t cpu_ns, sleeps; /* at the latest look */
} UringWorker;

typedef struct UringWorkers {
    UringWorker *known; /* of ours, those that may still be there */
    uint32_t count, room;
    uint64_t cpu_ns; /* of all, those that have ended included */
    uint64_t sleeps; /* times that one had nothing left to do */
    uint64_t poller_cpu_ns;
} UringWorkers;

/*
 * Look what the calling thread's have used since the last look.  One that ends
 * between two looks takes with it what it used after the first.
 */
void uring_workers_look(UringWorkers *workers);

void uring_workers_cleanup(UringWorkers *workers);

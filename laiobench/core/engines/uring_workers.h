/*
 * The kernel's own threads that work for a thread's io_urings: workers, which
 * carry out what could not be started without waiting, and the one that submits
 * (SQPOLL).  They belong to the process, and what they use is paid for by whoever
 * submitted.  Knows what they have used so far, not what they did.
 *
 * They are told apart by their names, which have the number of their thread.  In
 * a container that number is not known: there they are found where one
 * thread alone has an io_uring; where several have, none is found.
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
    int ring_fd;
    long owner;  /* the kernel's number of the thread; 0: not known */
    long poller; /* of the thread that submits for it; 0: none, or not known */
    UringWorker *known; /* of ours, those that may still be there */
    uint32_t count, room;
    uint64_t cpu_ns; /* of all, those that have ended included */
    uint64_t sleeps; /* times that one had nothing left to do */
    uint64_t poller_cpu_ns;
} UringWorkers;

/* For the calling thread, which has set up the ring. */
void uring_workers_init(UringWorkers *workers, int ring_fd);

/*
 * Look what the calling thread's have used since the last look.  One that ends
 * between two looks takes with it what it used after the first.
 */
void uring_workers_look(UringWorkers *workers);

void uring_workers_cleanup(UringWorkers *workers);

/*
 * Everything a worker counts, in the groups in which it is reported.  One
 * set belongs to one AioContext and is written by its home thread; the few
 * that other threads write too (bottom halves scheduled, notifications) are
 * added to with counter_add_shared().
 *
 * cffi reads this file as well as the compiler: plain declarations only.
 */
#pragma once

#include <stdint.h>

/* Batches of up to 1, 2, 4, ... 4096 requests, and larger ones. */
#define BATCH_SIZE_CLASSES 14

typedef struct SubmitCounters {
    uint64_t calls;    /* io_submit() calls */
    uint64_t ns;       /* time inside them */
    uint64_t requests; /* requests that they accepted */
    uint64_t batch_sizes[BATCH_SIZE_CLASSES];
    uint64_t partial;     /* calls that took fewer than offered */
    uint64_t eagain;      /* refused, with requests in flight */
    uint64_t eagain_idle; /* refused, with none: retried by a timer */
    uint64_t eintr;
    uint64_t rejected;  /* requests failed by the call itself */
    uint64_t withdrawn; /* cancelled before they were submitted */
    uint64_t blocked;   /* times that requests stayed behind */
} SubmitCounters;

typedef struct ReapedCounters { /* completions, by who took them */
    uint64_t poll;
    uint64_t eventfd;
    uint64_t bh;
    uint64_t getevents;
    uint64_t inline_; /* right after a submit (reap_on_submit) */
    uint64_t nested;  /* in a loop inside a loop, such as a drain */
    uint64_t pool;    /* misaligned ones, from the thread pool */
} ReapedCounters;

typedef struct PollCounters {
    uint64_t iterations; /* looks at the poll handlers */
    uint64_t hits;       /* busy-poll phases that found work */
    uint64_t misses;     /* ... and that did not */
    uint64_t ns;         /* time spent looking without finding */
    uint64_t grow;
    uint64_t shrink;
    uint64_t disabled; /* rounds that could not poll */
} PollCounters;

typedef struct EventfdCounters {
    uint64_t reads;
    uint64_t values; /* sum of what they returned */
    uint64_t empty;  /* reads after which no completion was found */
} EventfdCounters;

typedef struct BhCounters {
    uint64_t scheduled;
    uint64_t coalesced; /* scheduled while scheduled already */
    uint64_t dispatched;
    uint64_t reaps; /* of them: the completion mode's */
    uint64_t cancelled;
} BhCounters;

typedef struct LoopCounters {
    uint64_t iterations;
    uint64_t ppoll; /* system calls */
    uint64_t epoll_wait;
    uint64_t blocking;        /* waits that were allowed to sleep */
    uint64_t zero_timeout;    /* waits that only looked */
    uint64_t slept_in_flight; /* sleeps while requests were in flight */
} LoopCounters;

typedef struct NotifyCounters {
    uint64_t calls;
    uint64_t writes;     /* the sleeper had to be woken */
    uint64_t suppressed; /* nobody slept: no system call */
    uint64_t accepted;
} NotifyCounters;

typedef struct OtherCounters {
    /* calls that wait for completions: io_getevents(), or as it */
    uint64_t waits;
    uint64_t completed_in_submit; /* seen complete when io_submit() returned */
    uint64_t pool_fallbacks;      /* misaligned requests: to the thread pool */
    uint64_t short_io;
    uint64_t in_flight_max;
} OtherCounters;

typedef struct Counters {
    SubmitCounters submit;
    ReapedCounters reaped;
    PollCounters poll;
    EventfdCounters eventfd;
    BhCounters bh;
    LoopCounters loop;
    NotifyCounters notify;
    OtherCounters other;
} Counters;

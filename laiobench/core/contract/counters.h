/*
 * Everything that a worker counts, in the groups in which documents show it.
 * Each AioContext has one set, which its home thread writes.  Other threads
 * write a few of them, too (bottom halves scheduled, notifications), by
 * counter_add_shared().
 *
 * cffi reads this file, too, so it has plain declarations only.
 */
#pragma once

#include <stdint.h>

/* Batches of up to 1, 2, 4, ... 4096 requests, and larger ones. */
#define BATCH_SIZE_CLASSES 14

typedef struct SubmitCounters {
    uint64_t calls;    /* io_submit() calls */
    uint64_t ns;       /* time inside these calls */
    uint64_t requests; /* that these calls accepted */
    uint64_t batch_sizes[BATCH_SIZE_CLASSES];
    uint64_t partial;     /* calls that accepted only some of the requests */
    uint64_t eagain;      /* calls that failed with requests in flight */
    uint64_t eagain_idle; /* calls that failed with none: a timer retries */
    uint64_t eintr;
    uint64_t rejected;  /* requests that the call itself failed */
    uint64_t withdrawn; /* requests cancelled before they were submitted */
    uint64_t blocked;   /* times that the queue kept requests */
} SubmitCounters;

typedef struct ReapedCounters { /* completions, by what reaped them */
    uint64_t poll;
    uint64_t eventfd;
    uint64_t bh;
    uint64_t getevents;
    uint64_t inline_; /* right after a submit (reap_on_submit) */
    uint64_t nested;  /* in a loop inside a loop, such as a drain */
    uint64_t pool;    /* misaligned requests, by the thread pool */
    uint64_t submit;  /* by the call itself, with engines that block in it */
} ReapedCounters;

typedef struct PollCounters {
    uint64_t iterations; /* looks at the poll handlers */
    uint64_t hits;       /* busy-poll phases that found work */
    uint64_t misses;     /* busy-poll phases that found none */
    uint64_t ns;         /* time in looks that found none */
    uint64_t grow;       /* times that the time to look grew */
    uint64_t shrink;     /* times that it shrank */
    uint64_t disabled;   /* rounds in which polling was not possible */
} PollCounters;

typedef struct EventfdCounters {
    uint64_t reads;
    uint64_t values; /* sum of the values read */
    uint64_t empty;  /* reads after which no completion was found */
} EventfdCounters;

typedef struct BhCounters {
    uint64_t scheduled;
    uint64_t coalesced; /* scheduled again before they ran */
    uint64_t dispatched;
    uint64_t reaps; /* of these: bottom halves of the completion mode */
    uint64_t cancelled;
} BhCounters;

typedef struct LoopCounters {
    uint64_t iterations;
    uint64_t ppoll; /* system calls */
    uint64_t epoll_wait;
    uint64_t blocking;        /* waits that may sleep */
    uint64_t zero_timeout;    /* waits that only look */
    uint64_t slept_in_flight; /* sleeps while requests were in flight */
} LoopCounters;

typedef struct NotifyCounters {
    uint64_t calls;
    uint64_t writes;     /* to the notifier: the loop slept */
    uint64_t suppressed; /* without a write: the loop did not sleep */
    uint64_t accepted;   /* seen by the loop */
} NotifyCounters;

typedef struct OtherCounters {
    /* calls that wait for completions: io_getevents(), or its like */
    uint64_t waits;
    uint64_t completed_in_submit; /* completed before io_submit() returned */
    uint64_t pool_fallbacks;      /* misaligned requests: to the thread pool */
    uint64_t short_io;            /* completions with fewer bytes than asked */
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

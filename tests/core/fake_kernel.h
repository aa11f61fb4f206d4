/*
 * A native AIO kernel that the test controls.  It replaces the core's system
 * calls, keeps the requests that are submitted, and completes those that the
 * test names, in a ring that may be so small that it wraps often.
 */
#pragma once

#include <linux/aio_abi.h>
#include <stdbool.h>
#include <stdint.h>

#include "failing_calls.h" /* its syscall() asks the fake kernel first */

#define FAKE_MAX_IOCBS 4096

typedef struct FakeKernel {
    uint32_t ring_events; /* of the next ring; 0: 8 */
    /* of the next ring; 0: as in the real kernel */
    uint32_t magic, compat_features, incompat_features, header_length;
    int setup_errno; /* for io_setup() */

    /* the next io_submit() calls: how many fail, how, and what they accept */
    int submit_failures;
    int submit_errno;
    uint32_t submit_limit;    /* requests per call; 0: all */
    int takes_nothing;        /* calls that accept none, without an error */
    uint64_t bad_iocb_offset; /* an iocb at this offset fails the call at it */
    int bad_iocb_errno;       /* 0: none is bad */
    bool completes_at_once;   /* inside io_submit(), as RAM disks do */
    int getevents_errno;      /* for io_getevents() */
    bool getevents_had_timeout; /* its last call */
    void (*on_submit)(void);    /* called first in io_submit() */

    /* requests that are submitted and not completed, the oldest first */
    struct iocb *held[FAKE_MAX_IOCBS];
    uint32_t held_count;

    uint32_t setup_calls, submit_calls, getevents_calls, destroy_calls;
    uint32_t largest_submit; /* requests offered in one call */
    uint32_t in_flight_max;
} FakeKernel;

extern FakeKernel fake_kernel;

/* Forget everything. */
void fake_kernel_reset(void);

/* Complete the @index-th held request with @res. */
void fake_kernel_complete(uint32_t index, int64_t res);

/* Complete the @index-th held request as a whole. */
void fake_kernel_succeed(uint32_t index);

/* Complete all held requests as a whole. */
void fake_kernel_succeed_all(void);

/*
 * A native AIO kernel under the test's control: it takes the place of the
 * core's system calls, keeps what was submitted, and completes what the test
 * says, in a ring as small as the test wants, so that it wraps often.
 */
#pragma once

#include <linux/aio_abi.h>
#include <stdbool.h>
#include <stdint.h>

#include "failing_calls.h" /* its syscall() asks the fake kernel first */

#define FAKE_MAX_IOCBS 4096

typedef struct FakeKernel {
    uint32_t ring_events; /* of the next ring; 0: 8 */
    /* Of the next ring; 0: as the real one has them. */
    uint32_t magic, compat_features, incompat_features, header_length;
    int setup_errno; /* for io_setup() */

    /* The next io_submit() calls: how many fail, and how; what they take. */
    int submit_failures;
    int submit_errno;
    uint32_t submit_limit; /* at most so many a call; 0: all */
    int takes_nothing;     /* so many calls take none, and that is no error */
    uint64_t bad_iocb_offset; /* an iocb at this offset fails the call at it */
    int bad_iocb_errno;       /* 0: none is bad */
    bool completes_at_once;   /* inside io_submit(), as RAM disks do */
    int getevents_errno;      /* for io_getevents() */
    bool getevents_had_timeout; /* its last call */
    void (*on_submit)(void);    /* called first in io_submit() */

    /* What it has: submitted and not completed, oldest first. */
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

/* Succeed all that are held. */
void fake_kernel_succeed_all(void);

/*
 * An io_uring's kernel under the test's control: it takes the place of the core's
 * system calls, takes entries from the submission ring, and completes what the
 * test says, in a completion ring as small as the test wants.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engines/uring_abi.h"
#include "failing_calls.h" /* its syscall() asks the fake kernel first */

#define FAKE_MAX_ENTRIES 4096

typedef struct FakeUring {
    /* Of the next ring: flags that its kernel does not know, and what it lacks. */
    uint32_t unknown_flags, missing_features;
    int setup_errno;

    /* The next io_uring_enter() calls that submit. */
    int enter_failures;
    int enter_errno;
    uint32_t enter_limit; /* entries a call takes at most; 0: all */
    int register_errno;

    /* Completions are kept back until a call asks for them. */
    bool defers, overflows;

    /* What it has: submitted and not completed, oldest first. */
    UringSqe held[FAKE_MAX_ENTRIES];
    uint32_t held_count;

    uint32_t setup_calls, enter_calls, getevents_calls;
    uint32_t flags; /* of the ring */
    uint32_t in_flight_max, largest_enter;
} FakeUring;

extern FakeUring fake_uring;

/* Forget everything. */
void fake_uring_reset(void);

/* Complete the @index-th held entry with @result, or as a whole. */
void fake_uring_complete(uint32_t index, int32_t result);
void fake_uring_succeed(uint32_t index);
void fake_uring_succeed_all(void);

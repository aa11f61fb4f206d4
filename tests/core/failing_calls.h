/*
 * Functions of the C library that the core calls, and that fail when the test
 * says so.  They replace the library's functions in the program, and otherwise
 * call them.
 */
#pragma once

#include <stdbool.h>

typedef struct FailingCall {
    int failures;         /* how many of the next calls fail */
    int code;             /* the errno of these */
    int calls;            /* how many there were */
    void (*before)(void); /* is called first, once */
} FailingCall;

typedef struct FailingCalls {
    FailingCall eventfd, pipe2, read, write;
    FailingCall epoll_create1, epoll_ctl, epoll_wait, ppoll;
    int epoll_op; /* of the latest epoll_ctl() */
} FailingCalls;

extern FailingCalls failing_calls;

/* Let the fake kernel make the call.  False if it is not one of its own. */
bool fake_kernel_call(long number, const long a[6], long *result);

/*
 * Calls of the C library that the core makes, and that fail when the test
 * says so.  It takes their places in the program; else they do what they do.
 */
#pragma once

#include <stdbool.h>

typedef struct FailingCall {
    int failures;         /* so many of the next calls fail ... */
    int code;             /* ... with this errno */
    int calls;            /* that there were */
    void (*before)(void); /* is called first, once */
} FailingCall;

typedef struct FailingCalls {
    FailingCall eventfd, pipe2, read, write;
    FailingCall epoll_create1, epoll_ctl, epoll_wait, ppoll;
    int epoll_op; /* of the latest epoll_ctl() */
} FailingCalls;

extern FailingCalls failing_calls;

/* Whether the call is the fake kernel's; if so, it has been made. */
bool fake_kernel_call(long number, const long a[6], long *result);

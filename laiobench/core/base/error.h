/*
 * What went wrong in the core, as facts: which call, which errno, what it was
 * asked for.  Python turns these into a sentence; nothing here does.
 */
#pragma once

#include <stdint.h>

#define ERROR_CALL_MAX 32

typedef struct Error {
    char call[ERROR_CALL_MAX]; /* the system call, or the check, that failed */
    int code;                  /* a positive errno; 0: no error */
    uint64_t argument;         /* what was asked for: events, bytes, a CPU */
} Error;

/*
 * Keep the first failure: a later one is most often its consequence.
 * @error may be NULL.  Returns -@code, so that callers can pass it on.
 */
int error_set(Error *error, const char *call, int code, uint64_t argument);

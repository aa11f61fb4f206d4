/*
 * The contract with Python for requests that a program issues one by one: a
 * session is opened, targets are attached to it, requests are issued, polled
 * for, looked at and released.  Nothing here calls back.  Strings are names
 * from the core's own tables; descriptors are open and stay the caller's.
 *
 * All of a session belongs to the thread that opened it.
 *
 * cffi reads this file as well as the compiler: plain declarations only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "contract/counters.h"
#include "contract/engine_types.h"
#include "base/error.h"
#include "contract/target_limits.h"

typedef struct SessionPlan {
    const char *completion; /* one of completion.c's names */
    const char *engine;     /* one of engine.c's names */
    uint32_t iodepth;       /* requests in flight at a time; more wait */
    uint64_t poll_max_ns;   /* adaptive: look for so long at most */
    EngineOptions engine_options;
} SessionPlan;

typedef struct Session Session;
typedef struct SessionTarget SessionTarget;

/* NULL on failure, with @error. */
Session *session_open(const SessionPlan *plan, Error *error);

/* Waits for what is in flight.  Targets that are attached go with it. */
void session_close(Session *session);

/* NULL without memory.  @limits: zeros where any alignment will do. */
SessionTarget *session_attach(Session *session, int fd,
                              const TargetLimits *limits);

/* None of its requests may be under way. */
void session_detach(Session *session, SessionTarget *target);

/* Its requests that are under way: waiting for their turn, or in flight. */
uint32_t session_target_busy(const SessionTarget *target);

/* ---- requests ------------------------------------------------------------- */

/* One request, from when it is issued until it is released. */
typedef struct SessionRequest {
    uint32_t slot;  /* its number, which a later one may have again */
    bool done;      /* the rest is final once this is true */
    int32_t result; /* 0 or -errno */
    uint32_t bytes; /* read, up to the end of the target; or written */
    void *buffer;   /* page-aligned, until the release; what was read */
} SessionRequest;

/*
 * Issue a request.  It may be done already when this returns: if not, its
 * number comes out of session_poll().  @bytes is above 0.  NULL without memory.
 */
SessionRequest *session_read(Session *session, SessionTarget *target,
                             uint64_t offset, uint32_t bytes);
/* @data is copied first. */
SessionRequest *session_write(Session *session, SessionTarget *target,
                              uint64_t offset, uint32_t bytes,
                              const void *data);
SessionRequest *session_sync(Session *session, SessionTarget *target,
                             bool data_only);
/* Done in the first round of the loop after @ns. */
SessionRequest *session_sleep(Session *session, uint64_t ns);

/*
 * Give up on it: done at once with -ECANCELED if it waits for its turn or for
 * a time.  What is in flight comes back as it will.
 */
void session_cancel(Session *session, SessionRequest *request);

/* The same for all of @target's that no device or thread has begun; NULL: all. */
void session_withdraw(Session *session, SessionTarget *target);

/*
 * Forget it.  One that is in flight keeps its buffer until it is back, and is
 * not told of.
 */
void session_release(Session *session, SessionRequest *request);
void session_release_all(Session *session);

/* ---- the loop --------------------------------------------------------------- */

/* Requests issued from now on gather, and leave together at session_poll(). */
void session_plug(Session *session);

/*
 * Let leave what has gathered.  Then, if nothing has finished, or if asked to
 * @go_round in any case, run the loop: until something has finished, for
 * @max_ns at most, or until anything else, such as a signal, ends a sleep.
 * What finishes may have been released, and is not told of.  @slots gets the numbers of up to @room
 * finished requests, each told of once; returns how many.
 */
uint32_t session_poll(Session *session, bool go_round, uint64_t max_ns,
                      uint32_t *slots, uint32_t room);

typedef struct SessionReport {
    Counters counters;
    uint32_t slots;        /* that there are */
    uint32_t in_use;       /* of them: not released, or still in flight */
    uint32_t busy;         /* of those: under way */
    uint64_t buffer_bytes; /* of all slots */
    bool fdmon_fell_back;
    bool ready_needs_syscall; /* the engine could not look without one */
    Error failure; /* the loop's own: it goes on without sleeping well */
} SessionReport;

void session_report(const Session *session, SessionReport *report);

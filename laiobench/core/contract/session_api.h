/*
 * The contract with Python for requests that a program issues one by one.  The
 * caller opens a session, attaches targets, issues requests, polls until they
 * are done, and releases them.  Nothing here calls back.  Strings are names
 * from the core's own tables; file descriptors are open and stay the caller's.
 *
 * Only the thread that opened a session may use it.
 *
 * cffi reads this file, too, so it has plain declarations only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "contract/counters.h"
#include "contract/engine_types.h"
#include "base/error.h"
#include "contract/target_limits.h"

typedef struct SessionPlan {
    const char *completion; /* a name from completion.c's table */
    const char *engine;     /* a name from engine.c's table */
    uint32_t iodepth;       /* requests in flight at most; the others wait */
    uint64_t poll_max_ns;   /* adaptive: longest time to look */
    EngineOptions engine_options;
} SessionPlan;

typedef struct Session Session;
typedef struct SessionTarget SessionTarget;

/* Open the engine and its completion mode.  NULL on failure, with @error. */
Session *session_open(const SessionPlan *plan, Error *error);

/* Wait for all requests in flight; then free the session and its targets. */
void session_close(Session *session);

/*
 * Add the open file @fd, which must stay open until it is detached.  @limits:
 * all 0 if any alignment is allowed.  NULL without memory.
 */
SessionTarget *session_attach(Session *session, int fd,
                              const TargetLimits *limits);

/* Remove @target, and free it.  session_target_busy() must be 0. */
void session_detach(Session *session, SessionTarget *target);

/* Number of its requests that wait for their turn or are in flight. */
uint32_t session_target_busy(const SessionTarget *target);

/* ---- requests ------------------------------------------------------------ */

/* A request, valid from its issue to its release. */
typedef struct SessionRequest {
    uint32_t slot;  /* its number; after the release others may get it */
    bool done;      /* then result, bytes and the buffer are final */
    int32_t result; /* 0 or -errno */
    uint32_t bytes; /* that were written, or read before the target's end */
    void *buffer;   /* page-aligned, the session's; what was read */
} SessionRequest;

/*
 * Issue a request.  @bytes must be above 0.  It may be done when this returns;
 * otherwise session_poll() will return its number.  NULL without memory.
 */
SessionRequest *session_read(Session *session, SessionTarget *target,
                             uint64_t offset, uint32_t bytes);
/* The same; @data is copied before this returns. */
SessionRequest *session_write(Session *session, SessionTarget *target,
                              uint64_t offset, uint32_t bytes,
                              const void *data);
/* The same, as fsync, or as fdatasync if @data_only. */
SessionRequest *session_sync(Session *session, SessionTarget *target,
                             bool data_only);
/* The same without a target: done in the first round of the loop after @ns. */
SessionRequest *session_sleep(Session *session, uint64_t ns);

/*
 * Cancel a request that waits for its turn, or a sleep: it is done at once,
 * with -ECANCELED.  A request in flight is left alone.
 */
void session_cancel(Session *session, SessionRequest *request);

/*
 * The same for all requests of @target (NULL: of all targets) that no device
 * and no thread of a pool has begun.
 */
void session_withdraw(Session *session, SessionTarget *target);

/*
 * Cancel the request and give it back; the caller must not use it any more.
 * If it is in flight it keeps its buffer until it completes, which nothing
 * reports.
 */
void session_release(Session *session, SessionRequest *request);
/* The same for all requests of the session. */
void session_release_all(Session *session);

/* ---- the loop ------------------------------------------------------------ */

/* From now on requests are queued, and session_poll() submits them together. */
void session_plug(Session *session);

/*
 * Submit what is queued.  Then run the loop, if @go_round, or if @max_ns is
 * above 0 and no finished request is waiting to be returned.  The loop ends
 * when a request finishes (one that was released counts, too), after @max_ns,
 * or when something else, such as a signal, ends its sleep.
 *
 * @slots gets the numbers of up to @room finished requests, each of them once,
 * and none that was released.  Returns how many.
 */
uint32_t session_poll(Session *session, bool go_round, uint64_t max_ns,
                      uint32_t *slots, uint32_t room);

typedef struct SessionReport {
    Counters counters;
    uint32_t slots;        /* allocated */
    uint32_t in_use;       /* of these: not released, or still in flight */
    uint32_t busy;         /* of those: waiting for their turn, or in flight */
    uint64_t buffer_bytes; /* of all slots */
    bool fdmon_fell_back;  /* from epoll to ppoll */
    bool ready_needs_syscall; /* the engine needs a system call to look */
    Error failure; /* of the loop; the session then sleeps and looks in turn */
} SessionReport;

/* What the session has counted so far. */
void session_report(const Session *session, SessionReport *report);

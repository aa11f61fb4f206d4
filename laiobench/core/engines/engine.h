/*
 * An engine carries requests out.  It says whether there are completions, and
 * hands them over when asked; the completion mode decides when to ask, and how
 * to sleep until then.  Each engine has one table of functions, so that N
 * engines and M modes are N + M files.
 *
 * Everything runs on the home thread of the engine's context.
 */
#pragma once

#include "contract/engine_types.h"
#include "loop/aio_context.h"
#include "engines/request.h"

typedef struct Engine Engine;

/* CPU time of a pool's threads, which add to it while others may read it. */
typedef struct PoolUsage {
    uint64_t user_ns, system_ns; /* atomic */
} PoolUsage;

/* Who will submit: the file, and the memory that all its buffers are in. */
typedef struct EngineUser {
    int fd;
    uint8_t *buffers;
    size_t buffer_bytes;  /* of all */
    size_t buffer_stride; /* from one to the next */
} EngineUser;

/* The same of the kernel's threads, which is all system time. */
typedef struct KernelThreadsUsage {
    uint64_t workers_ns;     /* those that carry out what would have to wait */
    uint64_t worker_wakeups; /* how often one of them got to work, at least */
    uint64_t poller_ns;      /* the one that submits */
} KernelThreadsUsage;

typedef struct EngineOps {
    void (*destroy)(Engine *engine);

    /* Take a request; it is submitted at once, unless plugged or over a limit. */
    void (*submit)(Engine *engine, Request *request);

    /* Between the two, requests gather, to be submitted together.  They nest. */
    void (*plug)(Engine *engine);
    void (*unplug)(Engine *engine);

    /* End @target's requests that were not submitted yet with -ECANCELED. */
    void (*cancel_pending)(Engine *engine, const struct Target *target);

    /* Would reap() do something?  No system call. */
    bool (*ready)(Engine *engine);

    /*
     * Move all finished requests to engine->done, submit what pends, and add
     * the number of finished ones to @reaped_by.
     */
    uint32_t (*reap)(Engine *engine, uint64_t *reaped_by);

    /*
     * Sleep until @min_nr requests have completed, or for @timeout_ns (-1:
     * for ever), and reap.  If that fails, set the context's failure, with the
     * engine's own system call.
     */
    void (*wait)(Engine *engine, uint32_t min_nr, int64_t timeout_ns,
                 uint64_t *reaped_by);

    /* Optional: what threads of the kernel have used for it so far. */
    KernelThreadsUsage (*kernel_threads)(Engine *engine);
} EngineOps;

struct Engine {
    const EngineOps *ops;
    AioContext *ctx;
    DoneList *done;
    EventNotifier *notifier; /* set per completion; NULL if not asked for */
    uint32_t in_flight;      /* requests that wait() may see completed */
    uint64_t events;         /* completions; each has set the notifier, */
    bool coalesces_events;   /* but for one that sets it for several */
    PoolUsage pool;          /* CPU time of threads that work for it */
    /* ready() can only guess: just reap() asks the kernel */
    bool ready_needs_syscall;
    EngineSetUp set_up; /* what it chose, and what it could not have */
};

/* What every engine is opened with. */
typedef struct EngineConfig {
    uint32_t max_requests; /* that exist, in flight or not */
    uint32_t max_events;   /* requests in flight at a time */
    uint32_t max_batch;    /* requests in one submit; 0: all there are */
    bool notify;           /* set an eventfd for each completion */
    bool looks;            /* ready() is asked where no call is made */
    bool reap_on_submit;   /* take what has completed right after submitting */
    bool strict_short_io;  /* a short I/O ends the request at once */
    uint32_t max_events_per_call; /* wait() takes no more; 0: all there are */
    const EngineUser *users;      /* those known beforehand; they outlive it */
    uint32_t user_count;
    EngineOptions options; /* it reads only its own */
} EngineConfig;

/* A kind of engine, by the name that users give, and what it can do. */
typedef struct EngineType {
    const char *name;
    EngineCapabilities capabilities;
    Engine *(*open)(AioContext *ctx, DoneList *done, const EngineConfig *config,
                    Error *error);
} EngineType;

extern const EngineType engine_linux_aio;
extern const EngineType engine_io_uring;
extern const EngineType engine_threads;
extern const EngineType engine_psync;
extern const EngineType engine_null;

/* NULL if there is none of this name. */
const EngineType *engine_find(const char *name);

/* For engines: @request is done, at the time that the loop has. */
static inline void engine_finish(Engine *engine, Request *request, int result)
{
    request->result = result;
    request->reaped = engine->ctx->now;
    request_set_state(request, REQUEST_DONE);
    done_list_push(engine->done, request);
}

/* For engines: @n requests left in one go, and are in flight. */
static inline void engine_count_batch(Engine *engine, uint32_t n)
{
    AioContext *ctx = engine->ctx;
    SubmitCounters *submit = &ctx->counters.submit;
    uint32_t class = n > 1 ? 32 - (uint32_t)__builtin_clz(n - 1) : 0;
    uint32_t last = BATCH_SIZE_CLASSES - 1;

    submit->requests += n;
    submit->batch_sizes[class < last ? class : last]++;
    engine->in_flight += n;
    ctx->in_flight += n;
    if (ctx->in_flight > ctx->counters.other.in_flight_max) {
        ctx->counters.other.in_flight_max = ctx->in_flight;
    }
}

/* For engines: @n requests are back. */
static inline void engine_count_out(Engine *engine, uint32_t n)
{
    engine->in_flight -= n;
    engine->events += n;
    engine->ctx->in_flight -= n;
}

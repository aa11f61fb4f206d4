/*
 * The threads engine: a pool's threads carry out every request, as a program
 * without native AIO would do it.
 */
#include <errno.h>

#include "engines/engine.h"
#include "engines/target.h"
#include "engines/thread_pool.h"

typedef struct ThreadsEngine {
    Engine base;
    ThreadPool *pool;
    EventNotifier notifier;
} ThreadsEngine;

/* On a pool thread: what the kernel does with a result eventfd. */
static void tell(void *opaque)
{
    ThreadsEngine *threads = opaque;

    if (threads->base.notifier) {
        event_notifier_set(&threads->notifier);
    }
}

static void threads_submit(Engine *engine, Request *request)
{
    ThreadsEngine *threads = (ThreadsEngine *)engine;
    int ret;

    request_begin(request, engine->ctx->now);
    request->submitted = engine->ctx->now;
    request_set_state(request, REQUEST_IN_FLIGHT);
    ret = thread_pool_submit(threads->pool, request);
    engine->ctx->counters.submit.calls++;
    if (ret < 0) {
        engine->ctx->counters.submit.rejected++;
        engine_finish(engine, request, ret);
        return;
    }
    engine_count_batch(engine, 1);
}

/* Requests are submitted one by one, so a plug has nothing to gather. */
static void threads_plug(Engine *engine)
{
    (void)engine;
}

static void threads_cancel_pending(Engine *engine, const struct Target *target)
{
    ThreadsEngine *threads = (ThreadsEngine *)engine;

    thread_pool_cancel(threads->pool, target);
}

static bool threads_ready(Engine *engine)
{
    return thread_pool_finished(((ThreadsEngine *)engine)->pool) > 0;
}

static uint32_t threads_reap(Engine *engine, uint64_t *reaped_by)
{
    ThreadsEngine *threads = (ThreadsEngine *)engine;
    uint32_t finished = 0;
    Request *request;

    aio_context_read_clock(engine->ctx);
    while ((request = thread_pool_take(threads->pool))) {
        engine_finish(engine, request, request->result);
        finished++;
    }
    engine_count_out(engine, finished);
    *reaped_by += finished;
    return finished;
}

static void threads_wait(Engine *engine, uint32_t min_nr, int64_t timeout_ns,
                         uint64_t *reaped_by)
{
    ThreadsEngine *threads = (ThreadsEngine *)engine;

    engine->ctx->counters.other.waits++;
    thread_pool_wait(threads->pool,
                     min_nr < engine->in_flight ? min_nr : engine->in_flight,
                     timeout_ns);
    threads_reap(engine, reaped_by);
}

static void threads_destroy(Engine *engine)
{
    ThreadsEngine *threads = (ThreadsEngine *)engine;

    thread_pool_free(threads->pool);
    if (engine->notifier) {
        event_notifier_cleanup(&threads->notifier);
    }
    free(threads);
}

static const EngineOps threads_ops = {
    .destroy = threads_destroy,
    .submit = threads_submit,
    .plug = threads_plug,
    .unplug = threads_plug,
    .cancel_pending = threads_cancel_pending,
    .ready = threads_ready,
    .reap = threads_reap,
    .wait = threads_wait,
};

static Engine *threads_open(AioContext *ctx, DoneList *done,
                            const EngineConfig *config, Error *error)
{
    ThreadsEngine *threads = calloc(1, sizeof(*threads));

    if (!threads) {
        error_set(error, "malloc", ENOMEM, sizeof(*threads));
        return NULL;
    }
    threads->base = (Engine){.ops = &threads_ops, .ctx = ctx, .done = done};
    threads->pool = thread_pool_new(config->max_requests, THREAD_POOL_IDLE_NS,
                                    &threads->base.pool, tell, threads, error);
    if (!threads->pool) {
        free(threads);
        return NULL;
    }
    if (thread_pool_start(threads->pool, error) < 0) {
        threads_destroy(&threads->base);
        return NULL;
    }
    if (config->notify) {
        if (event_notifier_init(&threads->notifier, error) < 0) {
            threads_destroy(&threads->base);
            return NULL;
        }
        threads->base.notifier = &threads->notifier;
    }
    return &threads->base;
}

const EngineType engine_threads = {.name = "threads", .open = threads_open};

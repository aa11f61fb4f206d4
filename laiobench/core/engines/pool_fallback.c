#include "engines/pool_fallback.h"

#include <errno.h>

/* On a pool thread. */
static void tell(void *opaque)
{
    PoolFallback *fallback = opaque;

    bh_schedule(fallback->bh);
}

static void take_finished(void *opaque)
{
    PoolFallback *fallback = opaque;
    AioContext *ctx = fallback->engine->ctx;
    Request *request;

    aio_context_read_clock(ctx);
    while ((request = thread_pool_take(fallback->pool))) {
        fallback->in_flight--;
        ctx->in_flight--;
        ctx->counters.reaped.pool++;
        engine_finish(fallback->engine, request, request->result);
    }
}

static int make_pool(PoolFallback *fallback)
{
    if (!fallback->bh) {
        fallback->bh = bh_new(fallback->engine->ctx, take_finished, fallback);
    }
    if (!fallback->bh) {
        return -ENOMEM;
    }
    fallback->pool =
        thread_pool_new(fallback->max_requests, THREAD_POOL_IDLE_NS,
                        &fallback->engine->pool, tell, fallback, NULL);
    return fallback->pool ? 0 : -ENOMEM;
}

void pool_fallback_init(PoolFallback *fallback, Engine *engine,
                        uint32_t max_requests)
{
    *fallback = (PoolFallback){.engine = engine, .max_requests = max_requests};
}

void pool_fallback_submit(PoolFallback *fallback, Request *request)
{
    AioContext *ctx = fallback->engine->ctx;
    int ret = fallback->pool ? 0 : make_pool(fallback);

    request->submitted = aio_context_read_clock(ctx);
    if (ret == 0) {
        request_set_state(request, REQUEST_IN_FLIGHT);
        ret = thread_pool_submit(fallback->pool, request);
    }
    if (ret < 0) {
        ctx->counters.submit.rejected++;
        engine_finish(fallback->engine, request, ret);
        return;
    }
    ctx->counters.other.pool_fallbacks += request->op != REQUEST_TRIM;
    fallback->in_flight++;
    ctx->in_flight++;
}

void pool_fallback_cancel(PoolFallback *fallback, const struct Target *target)
{
    if (fallback->pool) {
        thread_pool_cancel(fallback->pool, target);
    }
}

void pool_fallback_cleanup(PoolFallback *fallback)
{
    if (fallback->pool) {
        thread_pool_free(fallback->pool);
    }
    if (fallback->bh) {
        bh_delete(fallback->bh);
    }
}

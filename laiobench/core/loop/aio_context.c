#define _GNU_SOURCE
#include "loop/aio_context.h"

#undef NDEBUG /* a context used by two threads must never pass unnoticed */
#include <assert.h>

void aio_context_assert_home(const AioContext *ctx)
{
    assert(pthread_equal(ctx->home, pthread_self()));
}

/* All members are uint64_t, so Counters can be read as one array. */
Counters aio_context_counters(const AioContext *ctx)
{
    Counters copy;
    const uint64_t *from = (const uint64_t *)&ctx->counters;
    uint64_t *to = (uint64_t *)&copy;

    _Static_assert(sizeof(Counters) % sizeof(uint64_t) == 0, "only counters");
    for (size_t i = 0; i < sizeof(Counters) / sizeof(uint64_t); i++) {
        to[i] = counter_read(&from[i]);
    }
    return copy;
}

void aio_set_sleeper(AioContext *ctx, const AioSleeperOps *ops, void *opaque)
{
    aio_context_assert_home(ctx);
    ctx->sleeper = ops;
    ctx->sleeper_opaque = opaque;
}

void aio_context_set_home(AioContext *ctx)
{
    ctx->home = pthread_self();
}

#define _GNU_SOURCE
#include "aio_context.h"

#undef NDEBUG /* a context used by two threads must never pass unnoticed */
#include <assert.h>
#include <errno.h>

#include "aio_handlers.h"
#include "aio_notify.h"
#include "aio_wait.h"
#include "bottom_half.h"
#include "fdmon.h"
#include "inlining.h"
#include "timer.h"

void aio_context_assert_home(const AioContext *ctx)
{
    assert(pthread_equal(ctx->home, pthread_self()));
}

HOT_PATH bool aio_poll(AioContext *ctx, bool blocking)
{
    bool progress;

    aio_context_assert_home(ctx);
    ctx->depth++;
    ctx->counters.loop.iterations++;
    aio_look_or_wait(ctx, blocking);
    aio_notify_accept(ctx);
    progress = bh_poll(ctx);
    progress |= aio_handlers_dispatch(ctx);
    if (timers_deadline(ctx) != UINT64_MAX) {
        aio_context_fresh_now(ctx);
        progress |= timers_run(ctx);
    }
    ctx->now_is_fresh = false;
    ctx->depth--;
    return progress;
}

/* All counters are uint64_t, so the groups of them are one array. */
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

/* ---- life -------------------------------------------------------------- */

void aio_context_set_polling(AioContext *ctx, PollRule rule, uint64_t max_ns,
                             uint32_t grow, uint32_t shrink)
{
    AioHandler *handler;

    ctx->adaptive = (AdaptivePoll){
        .rule = rule,
        .max = clock_ns_to_ticks(ctx->clock, max_ns),
        .first = clock_ns_to_ticks(ctx->clock, ADAPTIVE_POLL_FIRST_NS),
        .grow = grow,
        .shrink = shrink,
    };
    ctx->budget = (PollBudget){0};
    ctx->poll_is_settled = false;
    TAILQ_FOREACH(handler, &ctx->handlers, node) {
        handler->budget = (PollBudget){0};
    }
    aio_notify(ctx);
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

static int open_fdmon(AioContext *ctx, FdMonKind kind, Error *error)
{
    if (kind == FDMON_EPOLL) {
        ctx->fdmon = fdmon_epoll_new(ctx, NULL);
        ctx->fdmon_fell_back = !ctx->fdmon;
    }
    if (!ctx->fdmon) {
        ctx->fdmon = fdmon_ppoll_new(ctx, error);
    }
    return ctx->fdmon ? 0 : -ENOMEM;
}

int aio_context_init(AioContext *ctx, FdMonKind fdmon, const Clock *clock,
                     Error *error)
{
    int ret;

    *ctx = (AioContext){.clock = clock};
    TAILQ_INIT(&ctx->handlers);
    TAILQ_INIT(&ctx->ready);
    TAILQ_INIT(&ctx->timers);
    TAILQ_INIT(&ctx->timers_due);
    ctx->bh_ready_tail = &ctx->bh_ready;
    aio_context_set_home(ctx);
    aio_context_read_clock(ctx);

    ret = event_notifier_init(&ctx->notifier, error);
    if (ret < 0) {
        return ret;
    }
    ret = open_fdmon(ctx, fdmon, error);
    if (ret < 0) {
        goto out_notifier;
    }
    ret = aio_set_fd_handler(ctx, ctx->notifier.read_fd, &aio_notifier_ops, ctx,
                             error);
    if (ret < 0) {
        goto out_fdmon;
    }
    return 0;

out_fdmon:
    ctx->fdmon->ops->destroy(ctx->fdmon);
out_notifier:
    event_notifier_cleanup(&ctx->notifier);
    return ret;
}

void aio_context_cleanup(AioContext *ctx)
{
    aio_set_fd_handler(ctx, ctx->notifier.read_fd, NULL, NULL, NULL);
    bh_discard_all(ctx);
    assert(TAILQ_EMPTY(&ctx->handlers) && TAILQ_EMPTY(&ctx->timers) &&
           TAILQ_EMPTY(&ctx->timers_due) && ctx->depth == 0);
    ctx->fdmon->ops->destroy(ctx->fdmon);
    event_notifier_cleanup(&ctx->notifier);
}

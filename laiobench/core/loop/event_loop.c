#define _GNU_SOURCE
#include "loop/event_loop.h"

#undef NDEBUG /* what is still registered at the end must never pass unnoticed */
#include <assert.h>

#include "base/compiler.h"
#include "loop/aio_handlers.h"
#include "loop/aio_notify.h"
#include "loop/aio_wait.h"
#include "loop/bottom_half.h"
#include "loop/fdmon_choice.h"
#include "loop/timer.h"

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
    ctx->poll_has_converged = false;
    TAILQ_FOREACH (handler, &ctx->handlers, node) {
        handler->budget = (PollBudget){0};
    }
    aio_notify(ctx);
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
    ret = fdmon_open(ctx, fdmon, error);
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

/* The fd monitors: epoll, ppoll, and the way from the one to the other. */
#include <errno.h>

#include "event_source.h"
#include "fdmon.h"
#include "harness.h"

static void events_wait_until_polled(FdMonKind kind)
{
    AioContext *ctx = make_context_with(kind);
    Source source;

    open_source(&source, ctx);
    watch(&source, &readable);
    event_notifier_set(&source.notifier);
    CHECK_EQUAL(source.reads, 0);
    CHECK(aio_poll(ctx, false));
    CHECK_EQUAL(source.reads, 1);
    CHECK(!aio_poll(ctx, false));
    close_source(&source);
    free_context(ctx);
}

static void events_wait_until_polled_with_epoll(void)
{
    events_wait_until_polled(FDMON_EPOLL);
}

static void events_wait_until_polled_with_ppoll(void)
{
    events_wait_until_polled(FDMON_PPOLL);
}

static int fail_update(FdMon *mon, AioHandler *old, AioHandler *new)
{
    (void)mon;
    (void)old;
    (void)new;
    return -ENOSPC;
}

static void fail_destroy(FdMon *mon)
{
    (void)mon;
}

static void an_fd_monitor_that_fails_is_replaced_by_ppoll(void)
{
    static const FdMonOps failing = {
        .name = "failing",
        .destroy = fail_destroy,
        .update = fail_update,
        .is_replaceable = true,
    };
    AioContext *ctx = make_context();
    FdMon mon = {.ops = &failing, .ctx = ctx};
    Source source;

    ctx->fdmon->ops->destroy(ctx->fdmon);
    ctx->fdmon = &mon;
    open_source(&source, ctx);
    watch(&source, &readable);
    CHECK(ctx->fdmon_fell_back);
    CHECK(strcmp(ctx->fdmon->ops->name, "ppoll") == 0);
    event_notifier_set(&source.notifier);
    CHECK(aio_poll(ctx, true));
    CHECK_EQUAL(source.reads, 1);
    aio_notify(ctx); /* the context's own notifier has come along */
    aio_poll(ctx, true);
    close_source(&source);
    free_context(ctx);
}

static const TestCase tests[] = {
    TEST(events_wait_until_polled_with_epoll),
    TEST(events_wait_until_polled_with_ppoll),
    TEST(an_fd_monitor_that_fails_is_replaced_by_ppoll),
};

TEST_MAIN(tests)

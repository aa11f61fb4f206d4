/* The fd monitors: epoll, ppoll, and the way from the one to the other. */
#include <errno.h>
#include <sys/epoll.h>

#include "event_source.h"
#include "failing_calls.h"
#include "loop/fdmon.h"
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

/* ---- epoll's own calls ---------------------------------------------------------- */

static void serve_one_event(AioContext *ctx)
{
    Source source;

    open_source(&source, ctx);
    watch(&source, &readable);
    event_notifier_set(&source.notifier);
    while (source.reads == 0) {
        aio_poll(ctx, true);
    }
    close_source(&source);
}

static void check_fell_back(AioContext *ctx)
{
    CHECK(ctx->fdmon_fell_back);
    CHECK(strcmp(ctx->fdmon->ops->name, "ppoll") == 0);
    CHECK_EQUAL(ctx->failure.code, 0);
}

static void epoll_is_there_unless_asked_for_ppoll(void)
{
    AioContext *ctx = make_context_with(FDMON_EPOLL);

    CHECK(strcmp(ctx->fdmon->ops->name, "epoll") == 0);
    CHECK(!ctx->fdmon_fell_back);
    free_context(ctx);
    ctx = make_context_with(FDMON_PPOLL);
    CHECK(strcmp(ctx->fdmon->ops->name, "ppoll") == 0);
    CHECK(!ctx->fdmon_fell_back); /* it was asked for */
    free_context(ctx);
}

static void a_failing_epoll_create_means_ppoll(void)
{
    AioContext *ctx;

    failing_calls.epoll_create1 = (FailingCall){.failures = 1, .code = EMFILE};
    ctx = make_context();
    check_fell_back(ctx);
    serve_one_event(ctx);
    free_context(ctx);
}

static void a_failing_epoll_ctl_means_ppoll_for_good(void)
{
    AioContext *ctx = make_context();
    int calls;

    failing_calls.epoll_ctl = (FailingCall){.failures = 1, .code = ENOSPC};
    serve_one_event(ctx);
    check_fell_back(ctx);
    calls = failing_calls.epoll_ctl.calls;
    serve_one_event(ctx); /* though it would work again */
    check_fell_back(ctx);
    CHECK_EQUAL(failing_calls.epoll_ctl.calls, calls);
    free_context(ctx);
}

static void a_failing_epoll_wait_means_ppoll_for_good(void)
{
    AioContext *ctx = make_context();

    failing_calls.epoll_wait = (FailingCall){.failures = 1, .code = EIO};
    serve_one_event(ctx);
    check_fell_back(ctx);
    serve_one_event(ctx);
    free_context(ctx);
}

static void an_interrupted_wait_is_no_failure(void)
{
    AioContext *ctx = make_context();

    failing_calls.epoll_wait = (FailingCall){.failures = 1, .code = EINTR};
    serve_one_event(ctx);
    CHECK(!ctx->fdmon_fell_back);
    free_context(ctx);
    ctx = make_context_with(FDMON_PPOLL);
    failing_calls.ppoll = (FailingCall){.failures = 1, .code = EINTR};
    serve_one_event(ctx);
    CHECK_EQUAL(ctx->failure.code, 0);
    free_context(ctx);
}

/* Nothing is left to fall back to. */
static void a_failing_ppoll_is_the_loop_s_failure(void)
{
    AioContext *ctx = make_context_with(FDMON_PPOLL);
    Source source;

    open_source(&source, ctx);
    watch(&source, &readable); /* so that it can't be polled */
    failing_calls.ppoll = (FailingCall){.failures = 1, .code = ENOMEM};
    aio_poll(ctx, false);
    CHECK_EQUAL(ctx->failure.code, ENOMEM);
    CHECK(strcmp(ctx->failure.call, "ppoll") == 0);
    close_source(&source);
    free_context(ctx);
}

static void a_deleted_handler_leaves_the_set_by_del(void)
{
    AioContext *ctx = make_context();
    Source source;

    open_source(&source, ctx);
    watch(&source, &readable);
    CHECK_EQUAL(failing_calls.epoll_op, EPOLL_CTL_ADD);
    watch(&source, &pollable);
    CHECK_EQUAL(failing_calls.epoll_op, EPOLL_CTL_MOD);
    watch(&source, NULL);
    CHECK_EQUAL(failing_calls.epoll_op, EPOLL_CTL_DEL);
    event_notifier_cleanup(&source.notifier);
    free_context(ctx);
}

/*
 * Closed before it is deleted, and its number was @between's in the meantime:
 * it has left the kernel's set by itself, and the next one is a new member.
 */
static void check_number_comes_back(int between)
{
    AioContext *ctx = make_context();
    Source old, new;
    int number;

    open_source(&old, ctx);
    number = old.notifier.read_fd;
    watch(&old, &readable);
    if (between < 0) {
        close(number);
    } else {
        CHECK_EQUAL(dup2(between, number), number);
    }
    watch(&old, NULL);
    close(number);
    open_source(&new, ctx);
    CHECK_EQUAL(new.notifier.read_fd, number);
    watch(&new, &readable);
    CHECK_EQUAL(failing_calls.epoll_op, EPOLL_CTL_ADD);
    CHECK(!ctx->fdmon_fell_back);
    close_source(&new);
    free_context(ctx);
}

static void a_number_that_comes_back_is_a_new_member_of_the_set(void)
{
    int file = make_file(512);
    EventNotifier notifier;

    CHECK_EQUAL(event_notifier_init(&notifier, NULL), 0);
    check_number_comes_back(-1);
    check_number_comes_back(notifier.read_fd);
    check_number_comes_back(file); /* which epoll can't have at all */
    event_notifier_cleanup(&notifier);
    close(file);
}

static const TestCase tests[] = {
    TEST(events_wait_until_polled_with_epoll),
    TEST(events_wait_until_polled_with_ppoll),
    TEST(an_fd_monitor_that_fails_is_replaced_by_ppoll),
    TEST(epoll_is_there_unless_asked_for_ppoll),
    TEST(a_failing_epoll_create_means_ppoll),
    TEST(a_failing_epoll_ctl_means_ppoll_for_good),
    TEST(a_failing_epoll_wait_means_ppoll_for_good),
    TEST(an_interrupted_wait_is_no_failure),
    TEST(a_failing_ppoll_is_the_loop_s_failure),
    TEST(a_deleted_handler_leaves_the_set_by_del),
    TEST(a_number_that_comes_back_is_a_new_member_of_the_set),
};

TEST_MAIN(tests)

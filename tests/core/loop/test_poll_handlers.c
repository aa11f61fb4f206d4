/* Handlers that say without a system call whether there is work. */
#include "loop/bottom_half.h"
#include "event_source.h"
#include "harness.h"

static void a_handler_that_can_be_polled_costs_no_system_call(void)
{
    AioContext *ctx = make_context();
    Source source;

    open_source(&source, ctx);
    watch(&source, &pollable);
    source.has_work = true;
    CHECK(aio_poll(ctx, false));
    CHECK(!aio_poll(ctx, false));
    CHECK_EQUAL(source.reads, 1);
    CHECK_EQUAL(ctx->counters.loop.epoll_wait + ctx->counters.loop.ppoll, 0);
    close_source(&source);
    free_context(ctx);
}

static bool always_work(void *opaque)
{
    (void)opaque;
    return true;
}

static void remove_self_and_poll(void *opaque)
{
    Source *source = opaque;

    CHECK_EQUAL(++source->depth, 1);
    source->reads++;
    CHECK_EQUAL(aio_set_poll_handler(source->ctx, NULL, source, NULL), 0);
    aio_poll(source->ctx, false);
    source->depth--;
}

static const AioHandlerOps removes_itself = {
    .io_poll = always_work,
    .io_poll_ready = remove_self_and_poll,
};

/* It still says that there is work, and nobody may ask it. */
static void removing_a_poll_handler_in_its_io_poll_ready_does_not_recurse(void)
{
    AioContext *ctx = make_context();
    Source source = {.ctx = ctx};

    CHECK_EQUAL(aio_set_poll_handler(ctx, &removes_itself, &source, NULL), 0);
    CHECK(aio_poll(ctx, false));
    CHECK(!aio_poll(ctx, false));
    CHECK_EQUAL(source.reads, 1);
    free_context(ctx);
}

static void poll_inside_io_poll_ready(void *opaque)
{
    Source *source = opaque;

    CHECK_EQUAL(++source->depth, 1);
    source->reads++;
    aio_poll(source->ctx, false);
    source->depth--;
    source->has_work = false;
}

static const AioHandlerOps polls_inside = {
    .io_read = read_source,
    .io_poll = poll_source,
    .io_poll_ready = poll_inside_io_poll_ready,
};

/* Its work is not done yet when the nested loop looks, and it is not entered again. */
static void a_nested_loop_does_not_enter_an_io_poll_ready_that_runs(void)
{
    AioContext *ctx = make_context();
    Source source;

    open_source(&source, ctx);
    watch(&source, &polls_inside);
    source.has_work = true;
    CHECK(aio_poll(ctx, false));
    CHECK_EQUAL(source.reads, 1);
    close_source(&source);
    free_context(ctx);
}

static void poll_handlers_are_told_apart_by_their_opaque(void)
{
    AioContext *ctx = make_context();
    Source one = {.ctx = ctx, .has_work = true}, two = one;

    CHECK_EQUAL(aio_set_poll_handler(ctx, &pollable, &one, NULL), 0);
    CHECK_EQUAL(aio_set_poll_handler(ctx, &pollable, &two, NULL), 0);
    CHECK_EQUAL(aio_set_poll_handler(ctx, NULL, &one, NULL), 0);
    CHECK(aio_poll(ctx, false));
    CHECK_EQUAL(one.reads, 0);
    CHECK_EQUAL(two.reads, 1);
    CHECK_EQUAL(aio_set_poll_handler(ctx, NULL, &two, NULL), 0);
    free_context(ctx);
}

static void delete_source(void *opaque)
{
    watch(opaque, NULL);
}

/* Seen ready in this round, and gone before the handlers' turn. */
static void a_handler_deleted_by_a_bottom_half_is_called_no_more(void)
{
    AioContext *ctx = make_context();
    Source source;

    open_source(&source, ctx);
    watch(&source, &pollable);
    source.has_work = true;
    CHECK_EQUAL(bh_schedule_oneshot(ctx, delete_source, &source), 0);
    CHECK(aio_poll(ctx, false)); /* the bottom half was progress */
    CHECK_EQUAL(source.polls, 1);
    CHECK_EQUAL(source.reads, 0);
    event_notifier_cleanup(&source.notifier);
    free_context(ctx);
}

static void delete_the_other(void *opaque)
{
    Source *source = opaque;

    poll_source_ready(source);
    CHECK_EQUAL(aio_set_poll_handler(source->ctx, NULL, source->other, NULL),
                0);
    source->other->has_work = false;
}

static const AioHandlerOps deletes_the_other = {
    .io_poll = poll_source,
    .io_poll_ready = delete_the_other,
};

static void a_poll_handler_deletes_another_that_is_ready(void)
{
    AioContext *ctx = make_context();
    Source one = {.ctx = ctx, .has_work = true}, two = one;

    one.other = &two;
    two.other = &one;
    CHECK_EQUAL(aio_set_poll_handler(ctx, &deletes_the_other, &one, NULL), 0);
    CHECK_EQUAL(aio_set_poll_handler(ctx, &deletes_the_other, &two, NULL), 0);
    CHECK(aio_poll(ctx, false));
    CHECK_EQUAL(one.reads, 1);
    CHECK_EQUAL(two.reads, 0);
    CHECK_EQUAL(aio_set_poll_handler(ctx, NULL, &one, NULL), 0);
    free_context(ctx);
}

static const TestCase tests[] = {
    TEST(a_handler_that_can_be_polled_costs_no_system_call),
    TEST(removing_a_poll_handler_in_its_io_poll_ready_does_not_recurse),
    TEST(a_nested_loop_does_not_enter_an_io_poll_ready_that_runs),
    TEST(poll_handlers_are_told_apart_by_their_opaque),
    TEST(a_handler_deleted_by_a_bottom_half_is_called_no_more),
    TEST(a_poll_handler_deletes_another_that_is_ready),
};

TEST_MAIN(tests)

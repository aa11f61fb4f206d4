/* Handlers: set, replaced and deleted, also while they run; nested loops. */
#include "event_source.h"
#include "harness.h"

static void poll_disable_count_follows_the_handlers(void)
{
    AioContext *ctx = make_context();
    Source source;

    open_source(&source, ctx);
    CHECK_EQUAL(ctx->poll_disable_cnt, 0); /* the notifier can be polled */
    watch(&source, &readable);
    CHECK_EQUAL(ctx->poll_disable_cnt, 1);
    watch(&source, &pollable);
    CHECK_EQUAL(ctx->poll_disable_cnt, 0);
    watch(&source, &readable);
    CHECK_EQUAL(ctx->poll_disable_cnt, 1);
    watch(&source, NULL);
    CHECK_EQUAL(ctx->poll_disable_cnt, 0);
    watch(&source, NULL); /* what is not there can be deleted */
    CHECK_EQUAL(ctx->poll_disable_cnt, 0);
    event_notifier_cleanup(&source.notifier);
    free_context(ctx);
}

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

static void delete_self_and_other(void *opaque)
{
    Source *source = opaque;

    read_source(source);
    watch(source, NULL);
    watch(source->other, NULL);
}

static const AioHandlerOps deleter = {.io_read = delete_self_and_other};

/* Both are ready: whichever runs first, the other must not run any more. */
static void a_callback_deletes_itself_and_another_that_is_ready(void)
{
    AioContext *ctx = make_context();
    Source a, b;

    open_source(&a, ctx);
    open_source(&b, ctx);
    a.other = &b;
    b.other = &a;
    watch(&a, &deleter);
    watch(&b, &deleter);
    event_notifier_set(&a.notifier);
    event_notifier_set(&b.notifier);
    aio_poll(ctx, false);
    aio_poll(ctx, false);
    CHECK_EQUAL(a.reads + b.reads, 1);
    CHECK_EQUAL(ctx->poll_disable_cnt, 0);
    event_notifier_cleanup(&a.notifier);
    event_notifier_cleanup(&b.notifier);
    free_context(ctx);
}

static void replace_self(void *opaque)
{
    Source *source = opaque;

    read_source(source);
    watch(source, &readable);
}

static const AioHandlerOps replacer = {.io_read = replace_self};

static void a_callback_replaces_itself(void)
{
    AioContext *ctx = make_context();
    Source source;

    open_source(&source, ctx);
    watch(&source, &replacer);
    for (int i = 1; i <= 3; i++) {
        event_notifier_set(&source.notifier);
        CHECK(aio_poll(ctx, true));
        CHECK_EQUAL(source.reads, i);
    }
    close_source(&source);
    free_context(ctx);
}

/* Closed, deleted, opened again under the same number, watched again. */
static void a_descriptor_number_comes_back_as_another_file(void)
{
    AioContext *ctx = make_context();
    Source old, new;
    int number;

    open_source(&old, ctx);
    number = old.notifier.read_fd;
    watch(&old, &readable);
    close_source(&old);
    open_source(&new, ctx);
    CHECK_EQUAL(new.notifier.read_fd, number);
    watch(&new, &readable);
    event_notifier_set(&new.notifier);
    CHECK(aio_poll(ctx, false));
    CHECK_EQUAL(new.reads, 1);
    CHECK_EQUAL(old.reads, 0);
    close_source(&new);
    free_context(ctx);
}

static void reopen_self(void *opaque)
{
    Source *source = opaque;

    read_source(source);
    close_source(source);
    CHECK_EQUAL(event_notifier_init(&source->notifier, NULL), 0);
    watch(source, &readable);
    event_notifier_set(&source->notifier);
}

static const AioHandlerOps reopener = {.io_read = reopen_self};

static void a_descriptor_number_comes_back_inside_its_own_callback(void)
{
    AioContext *ctx = make_context();
    Source source;

    open_source(&source, ctx);
    watch(&source, &reopener);
    event_notifier_set(&source.notifier);
    CHECK(aio_poll(ctx, false));
    CHECK_EQUAL(source.reads, 1);
    CHECK(aio_poll(ctx, false));
    CHECK_EQUAL(source.reads, 2);
    close_source(&source);
    free_context(ctx);
}

static void poll_nested(void *opaque)
{
    Source *source = opaque;

    read_source(source);
    aio_poll(source->ctx, false);
}

static const AioHandlerOps nester = {.io_read = poll_nested};

static void nested_loops_serve_each_event_once(void)
{
    AioContext *ctx = make_context();
    Source sources[3];

    for (int i = 0; i < 3; i++) {
        open_source(&sources[i], ctx);
        watch(&sources[i], &nester);
        event_notifier_set(&sources[i].notifier);
    }
    aio_poll(ctx, false);
    for (int i = 0; i < 3; i++) {
        CHECK_EQUAL(sources[i].reads, 1);
        close_source(&sources[i]);
    }
    free_context(ctx);
}

static const TestCase tests[] = {
    TEST(poll_disable_count_follows_the_handlers),
    TEST(a_handler_that_can_be_polled_costs_no_system_call),
    TEST(a_callback_deletes_itself_and_another_that_is_ready),
    TEST(a_callback_replaces_itself),
    TEST(a_descriptor_number_comes_back_as_another_file),
    TEST(a_descriptor_number_comes_back_inside_its_own_callback),
    TEST(nested_loops_serve_each_event_once),
};

TEST_MAIN(tests)

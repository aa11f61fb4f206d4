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

static void all_callbacks_null_means_delete(void)
{
    static const AioHandlerOps nothing;
    AioContext *ctx = make_context();
    Source source;

    open_source(&source, ctx);
    watch(&source, &readable);
    watch(&source, &nothing);
    CHECK_EQUAL(ctx->poll_disable_cnt, 0);
    event_notifier_set(&source.notifier);
    CHECK(!aio_poll(ctx, false));
    CHECK_EQUAL(source.reads, 0);
    event_notifier_cleanup(&source.notifier);
    free_context(ctx);
}

static void every_change_ends_with_a_notify(void)
{
    static const AioHandlerOps *const changes[] = {&readable, &pollable, NULL};
    AioContext *ctx = make_context();
    Source source;

    open_source(&source, ctx);
    for (int i = 0; i < 3; i++) {
        uint64_t calls = ctx->counters.notify.calls;

        watch(&source, changes[i]);
        CHECK_EQUAL(ctx->counters.notify.calls, calls + 1);
    }
    event_notifier_cleanup(&source.notifier);
    free_context(ctx);
}

/* ---- replaced while they run ----------------------------------------------- */

static void count_write(void *opaque)
{
    ((Source *)opaque)->writes++;
}

static void become_the_other(void *opaque)
{
    Source *source = opaque;

    read_source(source);
    CHECK_EQUAL(aio_set_fd_handler(source->ctx, source->notifier.read_fd,
                                   &readable, source->other, NULL),
                0);
}

static const AioHandlerOps replaced_while_it_runs = {
    .io_read = become_the_other,
    .io_write = count_write,
};

/*
 * Both of its callbacks are due; the first puts another handler in its place.
 * Had that been edited into the one that runs, the second would be called for
 * somebody who never asked for it.
 */
static void a_replaced_handler_is_called_no_more_and_its_successor_not_for_it(
    void)
{
    AioContext *ctx = make_context();
    Source source, other;

    open_source(&source, ctx);
    open_source(&other, ctx);
    source.other = &other;
    watch(&source, &replaced_while_it_runs);
    event_notifier_set(&source.notifier); /* readable, and writable as ever */
    aio_poll(ctx, false);
    CHECK_EQUAL(source.reads, 1);
    CHECK_EQUAL(source.writes, 0);
    CHECK_EQUAL(other.writes, 0);
    watch(&source, NULL);
    event_notifier_cleanup(&source.notifier);
    event_notifier_cleanup(&other.notifier);
    free_context(ctx);
}

static bool replace_in_io_poll(void *opaque)
{
    Source *source = opaque;

    if (source->polls++ == 0) {
        watch(source, &pollable);
    }
    return false;
}

static const AioHandlerOps replaced_while_walked = {
    .io_read = read_source,
    .io_poll = replace_in_io_poll,
    .io_poll_ready = poll_source_ready,
};

/* The walk over all handlers goes on from the one that has just gone. */
static void a_handler_is_replaced_while_the_list_is_walked(void)
{
    AioContext *ctx = make_context();
    Source first, second;

    open_source(&first, ctx);
    open_source(&second, ctx);
    watch(&first, &replaced_while_walked);
    watch(&second, &pollable);
    second.has_work = true;
    CHECK(aio_poll(ctx, false));
    CHECK_EQUAL(second.reads, 1);
    CHECK_EQUAL(ctx->poll_disable_cnt, 0);
    first.has_work = true;
    CHECK(aio_poll(ctx, false));
    CHECK_EQUAL(first.reads, 1);
    close_source(&first);
    close_source(&second);
    free_context(ctx);
}

static const TestCase tests[] = {
    TEST(poll_disable_count_follows_the_handlers),
    TEST(a_callback_deletes_itself_and_another_that_is_ready),
    TEST(a_callback_replaces_itself),
    TEST(a_descriptor_number_comes_back_as_another_file),
    TEST(a_descriptor_number_comes_back_inside_its_own_callback),
    TEST(nested_loops_serve_each_event_once),
    TEST(all_callbacks_null_means_delete),
    TEST(every_change_ends_with_a_notify),
    TEST(a_replaced_handler_is_called_no_more_and_its_successor_not_for_it),
    TEST(a_handler_is_replaced_while_the_list_is_walked),
};

TEST_MAIN(tests)

/* The event loop: handlers, fd monitors, timers, notify. */
#include <errno.h>
#include <poll.h>

#include "bottom_half.h"
#include "fdmon.h"
#include "fixture.h"
#include "harness.h"
#include "timer.h"

typedef struct Source {
    AioContext *ctx;
    EventNotifier notifier;
    int reads;
    int polls;
    bool has_work;
    struct Source *other;
} Source;

static void open_source(Source *source, AioContext *ctx)
{
    *source = (Source){.ctx = ctx};
    CHECK_EQUAL(event_notifier_init(&source->notifier, NULL), 0);
}

static void read_source(void *opaque)
{
    Source *source = opaque;
    uint64_t value;

    CHECK_EQUAL(event_notifier_test_and_clear(&source->notifier, &value), 1);
    source->reads++;
}

static bool poll_source(void *opaque)
{
    Source *source = opaque;

    source->polls++;
    return source->has_work;
}

static void poll_source_ready(void *opaque)
{
    Source *source = opaque;

    source->has_work = false;
    source->reads++;
}

static const AioHandlerOps readable = {.io_read = read_source};
static const AioHandlerOps pollable = {
    .io_read = read_source,
    .io_poll = poll_source,
    .io_poll_ready = poll_source_ready,
};

static void watch(Source *source, const AioHandlerOps *ops)
{
    CHECK_EQUAL(aio_set_fd_handler(source->ctx, source->notifier.read_fd, ops,
                                   source, NULL),
                0);
}

static void close_source(Source *source)
{
    watch(source, NULL);
    event_notifier_cleanup(&source->notifier);
}

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

/* ---- timers -------------------------------------------------------------- */

static void count_expiry(void *opaque)
{
    ++*(int *)opaque;
}

static void a_timer_ends_the_sleep(void)
{
    AioContext *ctx = make_context();
    Timer timer;
    int expiries = 0;

    timer_init(&timer, ctx, count_expiry, &expiries);
    timer_arm(&timer, clock_now(ctx->clock) +
                          clock_ns_to_ticks(ctx->clock, 20000000));
    while (!expiries) {
        aio_poll(ctx, true);
    }
    CHECK_EQUAL(expiries, 1);
    CHECK(ctx->now >= timer.deadline);
    CHECK_EQUAL(timer.state, TIMER_IDLE);
    free_context(ctx);
}

static void timers_expire_in_order_and_disarmed_ones_do_not(void)
{
    AioContext *ctx = make_context();
    Timer timers[4];
    int expiries[4] = {0};

    for (int i = 0; i < 4; i++) {
        timer_init(&timers[i], ctx, count_expiry, &expiries[i]);
    }
    timer_arm(&timers[2], 30);
    timer_arm(&timers[0], 10);
    timer_arm(&timers[1], 20);
    timer_arm(&timers[3], 25);
    timer_disarm(&timers[3]);
    CHECK_EQUAL(timers_deadline(ctx), 10);
    ctx->now = 20;
    CHECK(timers_run(ctx));
    CHECK_EQUAL(expiries[0] + expiries[1], 2);
    CHECK_EQUAL(expiries[2], 0);
    ctx->now = 30;
    CHECK(timers_run(ctx));
    CHECK(!timers_run(ctx));
    CHECK_EQUAL(expiries[2], 1);
    CHECK_EQUAL(expiries[3], 0);
    free_context(ctx);
}

typedef struct Again {
    Timer timer;
    int expiries;
} Again;

static void expire_again_at_once(void *opaque)
{
    Again *again = opaque;

    again->expiries++;
    timer_arm(&again->timer, 0);
}

static void a_timer_that_arms_itself_in_the_past_waits_for_the_next_round(void)
{
    AioContext *ctx = make_context();
    Again again = {0};

    timer_init(&again.timer, ctx, expire_again_at_once, &again);
    timer_arm(&again.timer, 0);
    for (int i = 1; i <= 3; i++) {
        CHECK(aio_poll(ctx, true));
        CHECK_EQUAL(again.expiries, i);
    }
    timer_disarm(&again.timer);
    free_context(ctx);
}

/* ---- notify --------------------------------------------------------------- */

static void *notify_later(void *opaque)
{
    usleep(20000);
    aio_notify(opaque);
    return NULL;
}

static void notify_ends_a_sleep_and_is_no_progress(void)
{
    AioContext *ctx = make_context();
    pthread_t thread;

    while (aio_poll(ctx, false)) {
    }
    CHECK_EQUAL(pthread_create(&thread, NULL, notify_later, ctx), 0);
    CHECK(!aio_poll(ctx, true));
    CHECK_EQUAL(ctx->counters.notify.writes, 1);
    pthread_join(thread, NULL);
    free_context(ctx);
}

static void nobody_sleeps_so_nobody_is_written_to(void)
{
    AioContext *ctx = make_context();
    uint64_t suppressed = ctx->counters.notify.suppressed;

    aio_notify(ctx);
    CHECK_EQUAL(ctx->counters.notify.writes, 0);
    CHECK_EQUAL(ctx->counters.notify.suppressed, suppressed + 1);
    CHECK(!aio_poll(ctx, true)); /* and yet it is heard: this returns */
    free_context(ctx);
}

/* ---- fd monitors ------------------------------------------------------------ */

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
    TEST(poll_disable_count_follows_the_handlers),
    TEST(a_handler_that_can_be_polled_costs_no_system_call),
    TEST(a_callback_deletes_itself_and_another_that_is_ready),
    TEST(a_callback_replaces_itself),
    TEST(a_descriptor_number_comes_back_as_another_file),
    TEST(a_descriptor_number_comes_back_inside_its_own_callback),
    TEST(nested_loops_serve_each_event_once),
    TEST(a_timer_ends_the_sleep),
    TEST(timers_expire_in_order_and_disarmed_ones_do_not),
    TEST(a_timer_that_arms_itself_in_the_past_waits_for_the_next_round),
    TEST(notify_ends_a_sleep_and_is_no_progress),
    TEST(nobody_sleeps_so_nobody_is_written_to),
    TEST(an_fd_monitor_that_fails_is_replaced_by_ppoll),
};

TEST_MAIN(tests)

/* The alarm: a far deadline ends a sleep that has no timeout of its own. */
#include "event_source.h"
#include "loop/fdmon.h"
#include "harness.h"
#include "loop/timer.h"

#define MS UINT64_C(1000000)

static uint64_t in_ns(AioContext *ctx, uint64_t ns)
{
    return clock_now(ctx->clock) + clock_ns_to_ticks(ctx->clock, ns);
}

static void count_expiry(void *opaque)
{
    ++*(int *)opaque;
}

static void sleep_until_expired(AioContext *ctx, const int *expiries)
{
    while (!*expiries) {
        aio_poll(ctx, true);
    }
}

static void one_alarm_serves_many_sleeps(void)
{
    AioContext *ctx = make_context();
    Source source;
    Timer timer;
    uint64_t alarm;
    int expiries = 0;

    open_source(&source, ctx);
    watch(&source, &readable);
    timer_init(&timer, ctx, count_expiry, &expiries);
    timer_arm(&timer, in_ns(ctx, 3600000 * MS));
    event_notifier_set(&source.notifier);
    while (source.reads == 0) {
        aio_poll(ctx, true);
    }
    alarm = ctx->fdmon->alarm;
    CHECK_EQUAL(alarm, timer.deadline);
    for (int i = 2; i < 10; i++) {
        event_notifier_set(&source.notifier);
        CHECK(aio_poll(ctx, true));
        CHECK_EQUAL(source.reads, i);
        CHECK_EQUAL(ctx->fdmon->alarm, alarm);
    }
    timer_disarm(&timer);
    close_source(&source);
    free_context(ctx);
}

static void it_ends_the_sleep_and_is_no_progress(void)
{
    AioContext *ctx = make_context();
    Timer timer;
    int expiries = 0;

    timer_init(&timer, ctx, count_expiry, &expiries);
    timer_arm(&timer, in_ns(ctx, 30 * MS));
    sleep_until_expired(ctx, &expiries);
    CHECK(ctx->now >= timer.deadline);
    CHECK_EQUAL(ctx->fdmon->alarm, UINT64_MAX); /* it has rung */
    CHECK(!aio_poll(ctx, false));
    free_context(ctx);
}

static void an_earlier_timer_does_not_wait_for_a_later_alarm(void)
{
    AioContext *ctx = make_context();
    Timer late, early;
    int lates = 0, earlies = 0;

    timer_init(&late, ctx, count_expiry, &lates);
    timer_init(&early, ctx, count_expiry, &earlies);
    timer_arm(&late, in_ns(ctx, 3600000 * MS));
    ctx->fdmon->ops->set_alarm(ctx->fdmon, 3600000 * MS);
    ctx->fdmon->alarm = late.deadline;
    timer_arm(&early, in_ns(ctx, 30 * MS));
    sleep_until_expired(ctx, &earlies);
    CHECK(ctx->now >= early.deadline);
    timer_arm(&early, in_ns(ctx, 2 * MS)); /* too near for an alarm */
    earlies = 0;
    sleep_until_expired(ctx, &earlies);
    CHECK(ctx->now >= early.deadline);
    CHECK_EQUAL(lates, 0);
    timer_disarm(&late);
    free_context(ctx);
}

static void an_alarm_that_rings_too_early_ends_nothing_but_a_sleep(void)
{
    AioContext *ctx = make_context();
    Timer timer;
    int expiries = 0;

    timer_init(&timer, ctx, count_expiry, &expiries);
    timer_arm(&timer, in_ns(ctx, 60 * MS));
    ctx->fdmon->ops->set_alarm(ctx->fdmon, 15 * MS);
    ctx->fdmon->alarm = in_ns(ctx, 15 * MS);
    sleep_until_expired(ctx, &expiries);
    CHECK_EQUAL(expiries, 1);
    CHECK(ctx->now >= timer.deadline);
    free_context(ctx);
}

static void ppoll_has_none_and_sleeps_with_a_timeout(void)
{
    AioContext *ctx = make_context_with(FDMON_PPOLL);
    Timer timer;
    int expiries = 0;

    timer_init(&timer, ctx, count_expiry, &expiries);
    timer_arm(&timer, in_ns(ctx, 30 * MS));
    sleep_until_expired(ctx, &expiries);
    CHECK(ctx->now >= timer.deadline);
    CHECK_EQUAL(ctx->fdmon->alarm, UINT64_MAX);
    free_context(ctx);
}

static const TestCase tests[] = {
    TEST(one_alarm_serves_many_sleeps),
    TEST(it_ends_the_sleep_and_is_no_progress),
    TEST(an_earlier_timer_does_not_wait_for_a_later_alarm),
    TEST(an_alarm_that_rings_too_early_ends_nothing_but_a_sleep),
    TEST(ppoll_has_none_and_sleeps_with_a_timeout),
};

TEST_MAIN(tests)

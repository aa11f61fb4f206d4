/* Timers: one-shot deadlines that bound the loop's sleep. */
#include "fixture.h"
#include "harness.h"
#include "loop/timer.h"

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
    timer_arm(&timer,
              clock_now(ctx->clock) + clock_ns_to_ticks(ctx->clock, 20000000));
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

static void re_arming_replaces_the_deadline(void)
{
    AioContext *ctx = make_context();
    Timer timer;
    int expiries = 0;

    timer_init(&timer, ctx, count_expiry, &expiries);
    timer_arm(&timer, 10);
    timer_arm(&timer, 20);
    ctx->now = 10;
    CHECK(!timers_run(ctx));
    ctx->now = 20;
    CHECK(timers_run(ctx));
    CHECK(!timers_run(ctx));
    CHECK_EQUAL(expiries, 1);
    free_context(ctx);
}

typedef struct Nested {
    AioContext *ctx;
    Timer timers[3];
    int expiries;
} Nested;

static void count_and_poll(void *opaque)
{
    Nested *nested = opaque;

    nested->expiries++;
    aio_poll(nested->ctx,
             nested->expiries < 3); /* the others are due: no sleep */
}

static void a_nested_loop_serves_each_timer_once(void)
{
    Nested nested = {.ctx = make_context()};

    for (int i = 0; i < 3; i++) {
        timer_init(&nested.timers[i], nested.ctx, count_and_poll, &nested);
        timer_arm(&nested.timers[i], 1);
    }
    CHECK(aio_poll(nested.ctx, true));
    CHECK_EQUAL(nested.expiries, 3);
    CHECK(!aio_poll(nested.ctx, false));
    CHECK_EQUAL(nested.expiries, 3);
    free_context(nested.ctx);
}

static const TestCase tests[] = {
    TEST(a_timer_ends_the_sleep),
    TEST(timers_expire_in_order_and_disarmed_ones_do_not),
    TEST(a_timer_that_arms_itself_in_the_past_waits_for_the_next_round),
    TEST(re_arming_replaces_the_deadline),
    TEST(a_nested_loop_serves_each_timer_once),
};

TEST_MAIN(tests)

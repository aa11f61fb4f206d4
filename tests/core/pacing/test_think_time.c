/* Think time: when a pause begins; nothing is in flight during it. */
#include "fixture.h"
#include "harness.h"
#include "pacing/think_time.h"

static void note_pause(void *opaque, uint64_t paused_ticks)
{
    *(uint64_t *)opaque = paused_ticks;
}

static void a_pause_waits_for_what_is_in_flight(void)
{
    AioContext *ctx = make_context();
    PacingPlan plan = {.think_ns = 1000000, .think_ios = 2};
    ThinkTime think;
    uint64_t paused = 0;

    think_time_init(&think, &plan, ctx->clock);
    think_time_attach(&think, ctx, note_pause, &paused);
    think_time_begin(&think);
    think_time_count(&think, true); /* the plan counts completions */
    think_time_count(&think, false);
    CHECK(think_time_allows(&think, 1));
    think_time_count(&think, false);
    CHECK(!think_time_allows(&think, 1));
    CHECK(!think_time_waits(&think));
    CHECK(!think_time_allows(&think, 0));
    CHECK(think_time_waits(&think));
    while (!paused) {
        aio_poll(ctx, true);
    }
    CHECK(paused >= clock_ns_to_ticks(ctx->clock, plan.think_ns));
    CHECK(think_time_allows(&think, 0));
    think_time_count(&think, false); /* the count began again */
    CHECK(think_time_allows(&think, 0));
    think_time_detach(&think);
    free_context(ctx);
}

static void a_pause_goes_on_while_the_job_moves(void)
{
    AioContext *ctx = make_context(), *other = make_context();
    PacingPlan plan = {
        .think_ns = 1000000, .think_ios = 1, .think_on_issue = true};
    ThinkTime think;
    uint64_t paused = 0;

    think_time_init(&think, &plan, ctx->clock);
    think_time_attach(&think, ctx, note_pause, &paused);
    think_time_begin(&think);
    think_time_count(&think, true);
    CHECK(!think_time_allows(&think, 0));
    think_time_detach(&think);
    CHECK(!think_time_waits(&think));
    think_time_attach(&think, other, note_pause, &paused);
    CHECK(think_time_waits(&think));
    while (!paused) {
        aio_poll(other, true);
    }
    CHECK(think_time_allows(&think, 0));
    think_time_detach(&think);
    free_context(other);
    free_context(ctx);
}

static void without_think_time_all_may_go(void)
{
    AioContext *ctx = make_context();
    PacingPlan plan = {.think_ios = 1};
    ThinkTime think;
    uint64_t paused = 0;

    think_time_init(&think, &plan, ctx->clock);
    think_time_attach(&think, ctx, note_pause, &paused);
    think_time_count(&think, false);
    CHECK(think_time_allows(&think, 0));
    think_time_detach(&think);
    free_context(ctx);
}

static const TestCase tests[] = {
    TEST(a_pause_waits_for_what_is_in_flight),
    TEST(a_pause_goes_on_while_the_job_moves),
    TEST(without_think_time_all_may_go),
};

TEST_MAIN(tests)

/* Adaptive polling: the two rules, and the loop that goes by them. */
#include "loop/adaptive_poll.h"
#include "fixture.h"
#include "harness.h"

static const AdaptivePoll step = {
    .rule = POLL_RULE_STEP, .max = 32, .first = 4, .grow = 2, .shrink = 2};
static const AdaptivePoll weighted = {
    .rule = POLL_RULE_WEIGHTED, .max = 32, .first = 4, .grow = 2, .shrink = 2};

static void step_grows_when_longer_looking_would_have_found_it(void)
{
    PollBudget budget = {0};
    static const uint64_t expected[] = {4, 8, 16, 32};

    for (int i = 0; i < 4; i++) {
        CHECK_EQUAL(adaptive_poll_event(&step, &budget, 30), POLL_GREW);
        CHECK_EQUAL(budget.ticks, expected[i]);
    }
    CHECK_EQUAL(adaptive_poll_event(&step, &budget, 30), POLL_KEPT);
    CHECK_EQUAL(budget.ticks, 32); /* never above the maximum */
}

static void step_keeps_what_finds_the_events(void)
{
    PollBudget budget = {.ticks = 16};

    CHECK_EQUAL(adaptive_poll_event(&step, &budget, 16), POLL_KEPT);
    CHECK_EQUAL(adaptive_poll_event(&step, &budget, 0), POLL_KEPT);
    CHECK_EQUAL(budget.ticks, 16);
}

static void step_shrinks_when_it_came_too_late(void)
{
    AdaptivePoll to_nothing = step;
    PollBudget budget = {.ticks = 16};

    CHECK_EQUAL(adaptive_poll_event(&step, &budget, 33), POLL_SHRANK);
    CHECK_EQUAL(budget.ticks, 8);
    to_nothing.shrink = 0;
    CHECK_EQUAL(adaptive_poll_event(&to_nothing, &budget, 33), POLL_SHRANK);
    CHECK_EQUAL(budget.ticks, 0);
    CHECK_EQUAL(adaptive_poll_event(&to_nothing, &budget, 33), POLL_KEPT);
}

static void the_maximum_bounds_also_the_first_step(void)
{
    AdaptivePoll tiny = step;
    PollBudget budget = {0};

    tiny.max = 3;
    adaptive_poll_event(&tiny, &budget, 2);
    CHECK_EQUAL(budget.ticks, 3);
}

static void the_maximum_bounds_the_last_step(void)
{
    AdaptivePoll odd = step;
    PollBudget budget = {.ticks = 16};

    odd.max = 30;
    CHECK_EQUAL(adaptive_poll_event(&odd, &budget, 29), POLL_GREW);
    CHECK_EQUAL(budget.ticks, 30);
}

/* One late event would have shrunk it under the other rule. */
static void weighted_is_not_moved_by_one_odd_event(void)
{
    PollBudget budget = {.ticks = 16, .average = 10};

    CHECK_EQUAL(adaptive_poll_event(&weighted, &budget, 150), POLL_GREW);
    CHECK_EQUAL(budget.average, 10 - 1 + 18);
    CHECK_EQUAL(budget.ticks, 32);
}

static void weighted_follows_a_lasting_change(void)
{
    PollBudget budget = {.ticks = 16, .average = 10};

    for (int i = 0; i < 60; i++) {
        adaptive_poll_event(&weighted, &budget, 1000);
    }
    CHECK(budget.average > 900);
    CHECK_EQUAL(budget.ticks, 0);
    for (int i = 0; i < 60; i++) {
        adaptive_poll_event(&weighted, &budget, 8);
    }
    CHECK(budget.average < 32);
    CHECK(budget.ticks >= 8);
}

static void weighted_has_converged_when_events_at_once_change_it_no_more(void)
{
    PollBudget budget = {.ticks = 16, .average = 1000}, before;

    while (!adaptive_poll_has_converged(&budget)) {
        before = budget;
        adaptive_poll_event(&weighted, &budget, 0);
        CHECK(budget.average < before.average);
    }
    before = budget;
    CHECK_EQUAL(adaptive_poll_event(&weighted, &budget, 0), POLL_KEPT);
    CHECK_EQUAL(budget.average, before.average);
    CHECK_EQUAL(budget.ticks, before.ticks);
}

/* ---- in the loop ------------------------------------------------------------ */

typedef struct Source {
    AioContext *ctx;
    EventNotifier notifier;
    uint64_t looks, looks_until_work; /* 0: never by looking */
    int reads, polled;
} Source;

static void read_source(void *opaque)
{
    Source *source = opaque;
    uint64_t value;

    event_notifier_test_and_clear(&source->notifier, &value);
    source->reads++;
}

static bool look_at_source(void *opaque)
{
    Source *source = opaque;

    source->looks++;
    return source->looks_until_work &&
           source->looks >= source->looks_until_work;
}

static void take_from_source(void *opaque)
{
    Source *source = opaque;

    source->looks = 0;
    source->polled++;
}

static const AioHandlerOps source_ops = {
    .io_read = read_source,
    .io_poll = look_at_source,
    .io_poll_ready = take_from_source,
};

static void open_source(Source *source, PollRule rule, uint64_t max_ns)
{
    *source = (Source){.ctx = make_context()};
    aio_context_set_polling(source->ctx, rule, max_ns, 2, 2);
    CHECK_EQUAL(event_notifier_init(&source->notifier, NULL), 0);
    CHECK_EQUAL(aio_set_fd_handler(source->ctx, source->notifier.read_fd,
                                   &source_ops, source, NULL),
                0);
    aio_poll(source->ctx, false);
}

static void close_source(Source *source)
{
    aio_set_fd_handler(source->ctx, source->notifier.read_fd, NULL, NULL, NULL);
    event_notifier_cleanup(&source->notifier);
    free_context(source->ctx);
}

/* Far longer than any machine's hiccup, so that the test depends on no speed. */
#define LONG_NS UINT64_C(1000000000000)

static void check_growth(PollRule rule)
{
    Source source;
    AioContext *ctx;

    open_source(&source, rule, LONG_NS);
    ctx = source.ctx;
    event_notifier_set(&source.notifier);
    CHECK(aio_poll(ctx, true)); /* asleep, woken by the descriptor */
    CHECK_EQUAL(source.reads, 1);
    CHECK_EQUAL(ctx->counters.loop.blocking, 1);
    CHECK_EQUAL(ctx->counters.poll.grow, 1);
    CHECK(ctx->budget.ticks > 0);

    ctx->counters.poll.hits = 0;
    source.looks = 0;
    source.looks_until_work = 5; /* found by looking, before the budget ends */
    CHECK(aio_poll(ctx, true));
    CHECK_EQUAL(source.polled, 1);
    CHECK_EQUAL(ctx->counters.poll.hits, 1);
    CHECK_EQUAL(ctx->counters.loop.blocking, 1);
    close_source(&source);
}

static void the_loop_looks_longer_after_an_event_soon_after_it_slept(void)
{
    check_growth(POLL_RULE_STEP);
    check_growth(POLL_RULE_WEIGHTED);
}

static void a_maximum_of_0_never_looks(void)
{
    Source source;

    open_source(&source, POLL_RULE_WEIGHTED, 0);
    source.looks = 0;
    source.looks_until_work = 1;
    event_notifier_set(&source.notifier);
    CHECK(aio_poll(source.ctx, true));
    CHECK_EQUAL(source.looks, 0);
    CHECK_EQUAL(source.reads, 1);
    close_source(&source);
}

static void an_event_after_the_maximum_shrinks_it(void)
{
    Source source;
    AioContext *ctx;

    open_source(&source, POLL_RULE_STEP, 1); /* everything comes too late */
    ctx = source.ctx;
    ctx->budget.ticks = 1000;
    event_notifier_set(&source.notifier);
    aio_poll(ctx, true);
    CHECK_EQUAL(ctx->counters.poll.shrink, 1);
    CHECK_EQUAL(ctx->budget.ticks, 500);
    close_source(&source);
}

static void *notify_later(void *opaque)
{
    usleep(20000);
    aio_notify(opaque);
    return NULL;
}

/* Being told something is no event of a handler's: the budget stays. */
static void a_notification_adapts_nothing(void)
{
    Source source;
    pthread_t thread;

    open_source(&source, POLL_RULE_STEP, 1000);
    source.ctx->budget.ticks = 100;
    CHECK_EQUAL(pthread_create(&thread, NULL, notify_later, source.ctx), 0);
    CHECK(!aio_poll(source.ctx, true));
    pthread_join(thread, NULL);
    CHECK_EQUAL(source.ctx->budget.ticks, 100);
    CHECK_EQUAL(source.ctx->counters.poll.misses, 1);
    close_source(&source);
}

/*
 * As if the loop's reading of the clock were an hour old when the handler is
 * through: an event that is there right afterwards has not been waited for.
 */
static void read_for_an_hour(void *opaque)
{
    Source *source = opaque;

    read_source(source);
    source->ctx->now -=
        clock_ns_to_ticks(source->ctx->clock, UINT64_C(3600000000000));
}

static const AioHandlerOps slow_source_ops = {
    .io_read = read_for_an_hour,
    .io_poll = look_at_source,
    .io_poll_ready = take_from_source,
};

static void time_spent_in_handlers_is_no_waiting(void)
{
    Source source;
    AioContext *ctx;
    uint64_t budget;

    open_source(&source, POLL_RULE_STEP, LONG_NS);
    ctx = source.ctx;
    CHECK_EQUAL(aio_set_fd_handler(ctx, source.notifier.read_fd,
                                   &slow_source_ops, &source, NULL),
                0);
    aio_poll(ctx, false);
    event_notifier_set(&source.notifier);
    CHECK(aio_poll(ctx, true));
    budget = ctx->budget.ticks;
    event_notifier_set(&source.notifier);
    CHECK(aio_poll(ctx, true));
    CHECK_EQUAL(source.reads, 2);
    CHECK_EQUAL(ctx->counters.poll.shrink, 0);
    CHECK(ctx->budget.ticks >= budget);
    close_source(&source);
}

static const TestCase tests[] = {
    TEST(step_grows_when_longer_looking_would_have_found_it),
    TEST(step_keeps_what_finds_the_events),
    TEST(step_shrinks_when_it_came_too_late),
    TEST(the_maximum_bounds_also_the_first_step),
    TEST(the_maximum_bounds_the_last_step),
    TEST(weighted_is_not_moved_by_one_odd_event),
    TEST(weighted_follows_a_lasting_change),
    TEST(weighted_has_converged_when_events_at_once_change_it_no_more),
    TEST(the_loop_looks_longer_after_an_event_soon_after_it_slept),
    TEST(a_maximum_of_0_never_looks),
    TEST(an_event_after_the_maximum_shrinks_it),
    TEST(a_notification_adapts_nothing),
    TEST(time_spent_in_handlers_is_no_waiting),
};

TEST_MAIN(tests)

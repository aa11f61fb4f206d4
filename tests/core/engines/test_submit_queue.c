/* The queue: when requests leave, in what batches, and what stays behind. */
#include <errno.h>

#include "harness.h"
#include "laio_bench.h"

static void unplugged_requests_leave_at_once(void)
{
    Bench *bench = make_bench(&usual);

    submit(bench, 0, 2);
    CHECK_EQUAL(fake_kernel.submit_calls, 2);
    CHECK_EQUAL(fake_kernel.held_count, 2);
    CHECK_EQUAL(bench->ctx->in_flight, 2);
    CHECK_EQUAL(bench->requests[0].state, REQUEST_IN_FLIGHT);
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 2);
    CHECK_EQUAL(bench->ctx->in_flight, 0);
    CHECK(next_done(bench) == &bench->requests[0]);
    CHECK_EQUAL(bench->requests[0].result, 0);
    free_bench(bench);
}

static void plugged_requests_leave_together_at_the_last_unplug(void)
{
    Bench *bench = make_bench(&usual);
    const EngineOps *ops = bench->engine->ops;

    ops->plug(bench->engine);
    ops->plug(bench->engine);
    submit(bench, 0, 3);
    ops->unplug(bench->engine);
    CHECK_EQUAL(fake_kernel.submit_calls, 0);
    ops->unplug(bench->engine);
    CHECK_EQUAL(fake_kernel.submit_calls, 1);
    CHECK_EQUAL(fake_kernel.held_count, 3);
    CHECK_EQUAL(bench->ctx->counters.submit.batch_sizes[2], 1); /* 3 or 4 */
    fake_kernel_succeed_all();
    reap(bench);
    free_bench(bench);
}

static void a_full_batch_leaves_though_plugged(void)
{
    Bench *bench = make_bench(&usual);

    bench->engine->ops->plug(bench->engine);
    submit(bench, 0, 4);
    CHECK_EQUAL(fake_kernel.submit_calls, 1);
    CHECK_EQUAL(fake_kernel.held_count, 4);
    submit(bench, 4, 2); /* in_flight + in_queue reach max_events */
    CHECK_EQUAL(fake_kernel.submit_calls, 2);
    CHECK_EQUAL(fake_kernel.held_count, 6);
    bench->engine->ops->unplug(bench->engine);
    fake_kernel_succeed_all();
    reap(bench);
    free_bench(bench);
}

static void never_more_than_max_events_are_in_flight(void)
{
    EngineConfig config = usual;
    Bench *bench;
    uint32_t finished = 0;

    config.max_batch = 0;
    bench = make_bench(&config);
    submit(bench, 0, 20);
    CHECK_EQUAL(fake_kernel.held_count, 6);
    while (finished < 20) {
        fake_kernel_succeed(0);
        finished += reap(bench); /* which submits what pends */
        CHECK(fake_kernel.held_count <= 6);
    }
    CHECK_EQUAL(fake_kernel.in_flight_max, 6);
    CHECK_EQUAL(bench->ctx->counters.other.in_flight_max, 6);
    for (int i = 0; i < 20; i++) { /* first in, first out */
        CHECK(next_done(bench) == &bench->requests[i]);
    }
    free_bench(bench);
}

static void a_partial_accept_moves_exactly_what_was_taken(void)
{
    Bench *bench = make_bench(&usual);

    fake_kernel.submit_limit = 1;
    bench->engine->ops->plug(bench->engine);
    submit(bench, 0, 3);
    bench->engine->ops->unplug(bench->engine);
    CHECK_EQUAL(fake_kernel.held_count, 3);
    CHECK_EQUAL(fake_kernel.submit_calls, 3);
    CHECK_EQUAL(bench->ctx->counters.submit.partial, 2);
    CHECK_EQUAL(bench->ctx->counters.submit.requests, 3);
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 3);
    free_bench(bench);
}

/* Plugged, pending and not blocked: it must leave at the unplug as ever. */
static void cancelling_one_owner_s_blocks_nobody_else_s(void)
{
    Bench *bench = make_bench(&usual);
    Target other = {0};

    bench->engine->ops->plug(bench->engine);
    bench->requests[1].target = &other;
    submit(bench, 0, 2);
    bench->engine->ops->cancel_pending(bench->engine, &bench->target);
    bench->engine->ops->unplug(bench->engine);
    CHECK_EQUAL(next_done(bench)->result, -ECANCELED);
    CHECK_EQUAL(fake_kernel.held_count, 1);
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 1);
    free_bench(bench);
}

static void what_pends_can_be_cancelled_by_its_owner(void)
{
    Bench *bench = make_bench(&usual);
    Target other = {0};

    bench->requests[7].target = &other;
    submit(bench, 0, 6);
    submit(bench, 6, 3); /* no room for these */
    bench->engine->ops->cancel_pending(bench->engine, &bench->target);
    CHECK_EQUAL(next_done(bench)->result, -ECANCELED);
    CHECK_EQUAL(next_done(bench)->result, -ECANCELED);
    CHECK_EQUAL(done_list_count(&bench->done), 0);
    CHECK_EQUAL(bench->ctx->counters.submit.withdrawn, 2);
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 6);
    CHECK_EQUAL(fake_kernel.held_count, 1); /* the other owner's */
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 1);
    free_bench(bench);
}

static void reap_on_submit_takes_what_has_completed(void)
{
    EngineConfig config = usual;
    Bench *bench;

    config.reap_on_submit = true;
    bench = make_bench(&config);
    submit(bench, 0, 1);
    CHECK_EQUAL(done_list_count(&bench->done), 0);
    fake_kernel_succeed_all();
    submit(bench, 1, 1);
    CHECK(next_done(bench) == &bench->requests[0]);
    CHECK_EQUAL(bench->ctx->counters.reaped.inline_, 1);
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 1);
    free_bench(bench);
}

static void one_call_never_takes_more_than_the_batch_limit(void)
{
    EngineConfig config = usual;
    Bench *bench;
    uint32_t finished = 0;

    config.max_batch = 2;
    bench = make_bench(&config);
    bench->engine->ops->plug(bench->engine);
    submit(bench, 0, 20);
    bench->engine->ops->unplug(bench->engine);
    while (finished < 20) {
        fake_kernel_succeed_all();
        finished += reap(bench);
    }
    CHECK_EQUAL(fake_kernel.largest_submit, 2);
    free_bench(bench);
}

static void a_batch_limit_of_0_is_all_that_fits(void)
{
    EngineConfig config = usual;
    Bench *bench;

    config.max_batch = 0;
    bench = make_bench(&config);
    bench->engine->ops->plug(bench->engine);
    submit(bench, 0, 5);
    CHECK_EQUAL(fake_kernel.submit_calls, 0);
    bench->engine->ops->unplug(bench->engine);
    CHECK_EQUAL(fake_kernel.submit_calls, 1);
    CHECK_EQUAL(fake_kernel.largest_submit, 5);
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 5);
    free_bench(bench);
}

static Engine *engine_that_submits;
static bool was_ready;

static void ask_whether_it_is_ready(void)
{
    was_ready = engine_that_submits->ops->ready(engine_that_submits);
}

/* In poll mode no eventfd would come to the rescue of a forgotten submit. */
static void what_pends_and_may_go_is_work_and_what_is_held_back_is_none(void)
{
    Bench *bench = make_bench(&usual);
    const EngineOps *ops = bench->engine->ops;

    engine_that_submits = bench->engine;
    fake_kernel.on_submit = ask_whether_it_is_ready; /* just about to leave */
    submit(bench, 0, 1);
    CHECK(was_ready);
    CHECK(!ops->ready(bench->engine));
    ops->plug(bench->engine);
    submit(bench, 1, 1);
    CHECK(!ops->ready(bench->engine)); /* plugged */
    fake_kernel.submit_failures = 1;
    fake_kernel.submit_errno = EAGAIN;
    ops->unplug(bench->engine);
    CHECK(!ops->ready(bench->engine)); /* blocked */
    fake_kernel_succeed_all();
    CHECK(ops->ready(bench->engine));
    CHECK_EQUAL(reap(bench), 1);
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 1);
    free_bench(bench);
}

static void the_time_inside_the_call_is_measured(void)
{
    Bench *bench = make_bench(&usual);

    submit(bench, 0, 6);
    CHECK_EQUAL(bench->ctx->counters.submit.calls, 6);
    CHECK(bench->ctx->counters.submit.ns > 0);
    for (int i = 0; i < 6; i++) {
        CHECK(bench->requests[i].submitted >= bench->requests[i].queued);
    }
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 6);
    free_bench(bench);
}

static const TestCase tests[] = {
    TEST(unplugged_requests_leave_at_once),
    TEST(plugged_requests_leave_together_at_the_last_unplug),
    TEST(a_full_batch_leaves_though_plugged),
    TEST(never_more_than_max_events_are_in_flight),
    TEST(a_partial_accept_moves_exactly_what_was_taken),
    TEST(cancelling_one_owner_s_blocks_nobody_else_s),
    TEST(what_pends_can_be_cancelled_by_its_owner),
    TEST(reap_on_submit_takes_what_has_completed),
    TEST(one_call_never_takes_more_than_the_batch_limit),
    TEST(a_batch_limit_of_0_is_all_that_fits),
    TEST(what_pends_and_may_go_is_work_and_what_is_held_back_is_none),
    TEST(the_time_inside_the_call_is_measured),
};

TEST_MAIN(tests)

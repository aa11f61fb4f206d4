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
    CHECK_EQUAL(bench->ctx->counters.submit.iocbs, 3);
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 3);
    free_bench(bench);
}

static void refused_with_requests_in_flight_waits_for_a_completion(void)
{
    Bench *bench = make_bench(&usual);

    submit(bench, 0, 1);
    fake_kernel.submit_failures = 1;
    fake_kernel.submit_errno = EAGAIN;
    submit(bench, 1, 2);
    CHECK_EQUAL(fake_kernel.held_count, 1);
    CHECK_EQUAL(bench->ctx->counters.submit.eagain, 1);
    CHECK_EQUAL(bench->ctx->counters.submit.eagain_idle, 0);
    fake_kernel_succeed(0);
    CHECK_EQUAL(reap(bench), 1);
    CHECK_EQUAL(fake_kernel.held_count, 2); /* the rest went with the reap */
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 2);
    free_bench(bench);
}

/* Nothing in flight would bring us back: a timer must. */
static void refused_with_nothing_in_flight_is_retried_by_a_timer(void)
{
    Bench *bench = make_bench(&usual);

    fake_kernel.submit_failures = 3;
    fake_kernel.submit_errno = EAGAIN;
    submit(bench, 0, 1);
    CHECK_EQUAL(bench->ctx->counters.submit.eagain_idle, 1);
    while (fake_kernel.held_count == 0) {
        aio_poll(bench->ctx, true); /* would sleep for ever without it */
    }
    CHECK_EQUAL(bench->ctx->counters.submit.eagain_idle, 3);
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 1);
    free_bench(bench);
}

static void an_interrupted_submit_is_tried_again(void)
{
    Bench *bench = make_bench(&usual);

    fake_kernel.submit_failures = 1;
    fake_kernel.submit_errno = EINTR;
    submit(bench, 0, 1);
    CHECK_EQUAL(fake_kernel.held_count, 1);
    CHECK_EQUAL(bench->ctx->counters.submit.eintr, 1);
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 1);
    free_bench(bench);
}

/* The rest must not be left behind when the one at the head can't go. */
static void a_bad_request_fails_alone_and_the_rest_goes_on(void)
{
    Bench *bench = make_bench(&usual);

    fake_kernel.bad_iocb_errno = EBADF;
    fake_kernel.bad_iocb_offset = 1 * BLOCK;
    bench->engine->ops->plug(bench->engine);
    submit(bench, 0, 4);
    bench->engine->ops->unplug(bench->engine);
    CHECK_EQUAL(fake_kernel.held_count, 3);
    CHECK_EQUAL(bench->ctx->counters.submit.head_failures, 1);
    CHECK_EQUAL(bench->ctx->in_flight, 3);
    CHECK(next_done(bench) == &bench->requests[1]);
    CHECK_EQUAL(bench->requests[1].result, -EBADF);
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 3);
    free_bench(bench);
}

static void an_unknown_operation_is_an_io_error(void)
{
    Bench *bench = make_bench(&usual);

    bench->requests[0].op = 77;
    submit(bench, 0, 1);
    CHECK_EQUAL(fake_kernel.submit_calls, 0);
    CHECK_EQUAL(next_done(bench)->result, -EIO);
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

/* Each of them would only be refused again. */
static void a_blocked_queue_asks_the_kernel_no_more(void)
{
    Bench *bench = make_bench(&usual);
    uint32_t calls;

    submit(bench, 0, 1);
    fake_kernel.submit_failures = 1;
    fake_kernel.submit_errno = EAGAIN;
    submit(bench, 1, 1);
    calls = fake_kernel.submit_calls;
    submit(bench, 2, 2);
    bench->engine->ops->plug(bench->engine);
    bench->engine->ops->unplug(bench->engine);
    CHECK_EQUAL(fake_kernel.submit_calls, calls);
    CHECK_EQUAL(bench->ctx->counters.submit.blocked, 1);
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 1);
    CHECK_EQUAL(fake_kernel.held_count, 3);
    submit(bench, 4, 1); /* no more blocked: it leaves at once */
    CHECK_EQUAL(fake_kernel.held_count, 4);
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 4);
    free_bench(bench);
}

/* A loop inside a plug reaps and must not submit: then the unplug must. */
static void what_was_blocked_leaves_at_the_unplug_if_a_reap_made_room_before(void)
{
    Bench *bench = make_bench(&usual);

    submit(bench, 0, 6);
    bench->engine->ops->plug(bench->engine);
    submit(bench, 6, 2); /* no room for these */
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 6);
    CHECK_EQUAL(fake_kernel.held_count, 0);
    bench->engine->ops->unplug(bench->engine);
    CHECK_EQUAL(fake_kernel.held_count, 2);
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 2);
    free_bench(bench);
}

static void all_may_be_bad_one_after_the_other(void)
{
    Bench *bench = make_bench(&usual);

    fake_kernel.submit_failures = 3;
    fake_kernel.submit_errno = EFAULT;
    bench->engine->ops->plug(bench->engine);
    submit(bench, 0, 4);
    bench->engine->ops->unplug(bench->engine);
    CHECK_EQUAL(bench->ctx->counters.submit.head_failures, 3);
    for (int i = 0; i < 3; i++) {
        Request *request = next_done(bench);

        CHECK(request == &bench->requests[i]);
        CHECK_EQUAL(request->result, -EFAULT);
    }
    CHECK_EQUAL(fake_kernel.held_count, 1);
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 1);
    free_bench(bench);
}

static void a_partial_accept_of_nothing_is_a_refusal(void)
{
    Bench *bench = make_bench(&usual);

    fake_kernel.takes_nothing = 1;
    submit(bench, 0, 1);
    CHECK_EQUAL(bench->ctx->counters.submit.eagain_idle, 1);
    while (fake_kernel.held_count == 0) {
        aio_poll(bench->ctx, true);
    }
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
    TEST(refused_with_requests_in_flight_waits_for_a_completion),
    TEST(refused_with_nothing_in_flight_is_retried_by_a_timer),
    TEST(an_interrupted_submit_is_tried_again),
    TEST(a_bad_request_fails_alone_and_the_rest_goes_on),
    TEST(an_unknown_operation_is_an_io_error),
    TEST(cancelling_one_owner_s_blocks_nobody_else_s),
    TEST(what_pends_can_be_cancelled_by_its_owner),
    TEST(reap_on_submit_takes_what_has_completed),
    TEST(one_call_never_takes_more_than_the_batch_limit),
    TEST(a_batch_limit_of_0_is_all_that_fits),
    TEST(a_blocked_queue_asks_the_kernel_no_more),
    TEST(what_was_blocked_leaves_at_the_unplug_if_a_reap_made_room_before),
    TEST(all_may_be_bad_one_after_the_other),
    TEST(a_partial_accept_of_nothing_is_a_refusal),
    TEST(the_time_inside_the_call_is_measured),
};

TEST_MAIN(tests)

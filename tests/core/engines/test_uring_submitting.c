/* The io_uring engine: when requests go into its ring, and what the kernel does not take. */
#include <errno.h>

#include "engine_bench.h"
#include "fake_uring.h"
#include "harness.h"

static Bench *make(const EngineConfig *config)
{
    return make_bench_of(&engine_io_uring, config);
}

static void plugged_requests_leave_in_one_call(void)
{
    Bench *bench = make(&usual);
    const EngineOps *ops = bench->engine->ops;

    ops->plug(bench->engine);
    submit(bench, 0, 3);
    CHECK_EQUAL(fake_uring.enter_calls, 0);
    ops->unplug(bench->engine);
    CHECK_EQUAL(fake_uring.enter_calls, 1);
    CHECK_EQUAL(fake_uring.held_count, 3);
    fake_uring_succeed_all();
    CHECK_EQUAL(reap(bench), 3);
    free_bench(bench);
}

static void a_full_batch_leaves_though_plugged(void)
{
    Bench *bench = make(&usual);

    bench->engine->ops->plug(bench->engine);
    submit(bench, 0, 5);
    CHECK_EQUAL(fake_uring.held_count, 4);
    CHECK_EQUAL(fake_uring.largest_enter, 4);
    bench->engine->ops->unplug(bench->engine);
    CHECK_EQUAL(fake_uring.held_count, 5);
    fake_uring_succeed_all();
    CHECK_EQUAL(reap(bench), 5);
    free_bench(bench);
}

static void never_more_than_max_events_are_in_flight(void)
{
    Bench *bench = make(&usual);

    submit(bench, 0, 20);
    for (int done = 0; done < 20;) {
        CHECK(bench->ctx->in_flight <= usual.max_events);
        fake_uring_succeed_all();
        done += (int)reap(bench);
    }
    CHECK_EQUAL(fake_uring.in_flight_max, usual.max_events);
    free_bench(bench);
}

static void what_a_call_does_not_take_goes_with_the_next(void)
{
    Bench *bench = make(&usual);

    fake_uring.enter_limit = 1;
    bench->engine->ops->plug(bench->engine);
    submit(bench, 0, 3);
    bench->engine->ops->unplug(bench->engine);
    CHECK_EQUAL(fake_uring.enter_calls, 3);
    CHECK_EQUAL(bench->ctx->counters.submit.partial, 2);
    CHECK_EQUAL(fake_uring.held_count, 3);
    for (int i = 0; i < 3; i++) { /* each once, and in order */
        CHECK_EQUAL(fake_uring.held[i].offset, (uint64_t)i * BLOCK);
    }
    fake_uring_succeed_all();
    CHECK_EQUAL(reap(bench), 3);
    free_bench(bench);
}

static void check_refusal(int code)
{
    Bench *bench = make(&usual);

    submit(bench, 0, 1);
    fake_uring.enter_failures = 1;
    fake_uring.enter_errno = code;
    submit(bench, 1, 1);
    CHECK_EQUAL(bench->ctx->counters.submit.eagain, 1);
    CHECK_EQUAL(fake_uring.held_count, 1);
    fake_uring_succeed_all();
    CHECK_EQUAL(reap(bench), 1); /* which makes room, and tries again */
    CHECK_EQUAL(fake_uring.held_count, 1);
    CHECK_EQUAL(fake_uring.held[0].offset, BLOCK);
    fake_uring_succeed_all();
    CHECK_EQUAL(reap(bench), 1);
    free_bench(bench);
    fake_uring_reset();
}

static void refused_with_others_in_flight_it_goes_when_they_are_back(void)
{
    check_refusal(EAGAIN);
    check_refusal(EBUSY);
}

static void refused_with_none_in_flight_a_timer_tries_again(void)
{
    Bench *bench = make(&usual);

    fake_uring.enter_failures = 1;
    fake_uring.enter_errno = EAGAIN;
    submit(bench, 0, 1);
    CHECK_EQUAL(bench->ctx->counters.submit.eagain_idle, 1);
    while (fake_uring.held_count == 0) {
        aio_poll(bench->ctx, true);
    }
    fake_uring_succeed_all();
    CHECK_EQUAL(reap(bench), 1);
    free_bench(bench);
}

static void what_the_call_rejects_is_done_and_the_rest_goes_on(void)
{
    Bench *bench = make(&usual);

    bench->engine->ops->plug(bench->engine);
    submit(bench, 0, 2);
    fake_uring.enter_failures = 1;
    fake_uring.enter_errno = EFAULT;
    bench->engine->ops->unplug(bench->engine);
    CHECK_EQUAL(next_done(bench)->result, -EFAULT);
    CHECK_EQUAL(fake_uring.held_count, 1);
    CHECK_EQUAL(fake_uring.held[0].offset, BLOCK);
    fake_uring_succeed_all();
    CHECK_EQUAL(reap(bench), 1);
    free_bench(bench);
}

static void what_was_not_submitted_can_be_cancelled(void)
{
    Bench *bench = make(&usual);

    submit(bench, 0, 8); /* of which 6 may be in flight */
    bench->engine->ops->cancel_pending(bench->engine, &bench->target);
    CHECK_EQUAL(next_done(bench)->result, -ECANCELED);
    CHECK_EQUAL(next_done(bench)->result, -ECANCELED);
    fake_uring_succeed_all();
    CHECK_EQUAL(reap(bench), 6);
    free_bench(bench);
}

static const TestCase tests[] = {
    TEST(plugged_requests_leave_in_one_call),
    TEST(a_full_batch_leaves_though_plugged),
    TEST(never_more_than_max_events_are_in_flight),
    TEST(what_a_call_does_not_take_goes_with_the_next),
    TEST(refused_with_others_in_flight_it_goes_when_they_are_back),
    TEST(refused_with_none_in_flight_a_timer_tries_again),
    TEST(what_the_call_rejects_is_done_and_the_rest_goes_on),
    TEST(what_was_not_submitted_can_be_cancelled),
};

TEST_MAIN(tests)

/* The queue when the kernel refuses: for now, for good, one request, all of them. */
#include <errno.h>

#include "harness.h"
#include "laio_bench.h"

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
    CHECK_EQUAL(bench->ctx->counters.submit.rejected, 1);
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
static void what_was_blocked_leaves_at_the_unplug_if_a_reap_made_room_before(
    void)
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
    CHECK_EQUAL(bench->ctx->counters.submit.rejected, 3);
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

static const TestCase tests[] = {
    TEST(refused_with_requests_in_flight_waits_for_a_completion),
    TEST(refused_with_nothing_in_flight_is_retried_by_a_timer),
    TEST(an_interrupted_submit_is_tried_again),
    TEST(a_bad_request_fails_alone_and_the_rest_goes_on),
    TEST(an_unknown_operation_is_an_io_error),
    TEST(a_blocked_queue_asks_the_kernel_no_more),
    TEST(what_was_blocked_leaves_at_the_unplug_if_a_reap_made_room_before),
    TEST(all_may_be_bad_one_after_the_other),
    TEST(a_partial_accept_of_nothing_is_a_refusal),
};

TEST_MAIN(tests)

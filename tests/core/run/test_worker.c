/*
 * A worker with one job: what it records, how it refills, and what it does
 * when the kernel, the target or its own loop fails.
 */
#include <errno.h>

#include "failing_calls.h"
#include "worker_bench.h"

/* ---- recorded ------------------------------------------------------------ */

/* It answers 0 at full speed, which must not count as success. */
static void a_vanished_device_s_zeros_are_failures_and_end_the_job(void)
{
    Bench *bench = make_bench("poll", JOB_UNLIMITED);

    while (!bench->finished) {
        while (fake_kernel.held_count > 0) {
            fake_kernel_complete(0, 0);
        }
        worker_run_once(&bench->worker);
    }
    CHECK_EQUAL(bench->job.end, JOB_END_ERRORS);
    CHECK_EQUAL(bench->job.accounts.completed, 0);
    CHECK(bench->job.accounts.failed >= 1000);
    CHECK_EQUAL(reads_of(bench)->ios, 0);
    CHECK_EQUAL(reads_of(bench)->bytes, 0);
    CHECK_EQUAL(reads_of(bench)->eofs, bench->job.accounts.failed);
    free_bench(bench);
}

static void check_gives_up(const JobConfig *job)
{
    Bench *bench = make_bench_of("poll", job);

    bench->worker.next = &bench->worker;
    while (!bench->finished) {
        while (fake_kernel.held_count > 0) {
            fake_kernel_complete(0, -EIO);
        }
        worker_run_once(&bench->worker);
    }
    CHECK_EQUAL(bench->job.end, JOB_END_ERRORS);
    CHECK_EQUAL(bench->job.accounts.failed, 1000);
    free_bench(bench);
}

/* At its last failure nothing is in flight: it leaves its context at once. */
static void a_job_with_admission_gives_up(void)
{
    ThrottleGroup group;
    JobConfig job = job_of(JOB_UNLIMITED);

    job.iodepth = 1;
    job.move_every = 7;
    check_gives_up(&job);

    throttle_group_init(&group, &(ThrottleLimits){.ios_per_s = 1e6},
                        test_clock());
    job.move_every = 0;
    job.throttle = &group;
    check_gives_up(&job);
    throttle_group_cleanup(&group);
}

static void errors_are_counted_by_their_number(void)
{
    Bench *bench = make_bench("eventfd", 20);
    int n = 0;

    while (!bench->finished) {
        while (fake_kernel.held_count > 0) {
            fake_kernel_complete(0, n++ % 2 ? -EIO : BLOCK);
        }
        worker_run_once(&bench->worker);
    }
    CHECK_EQUAL(bench->job.end, JOB_END_COMPLETE);
    CHECK_EQUAL(bench->job.accounts.failed, 10);
    CHECK_EQUAL(reads_of(bench)->errors[EIO], 10);
    CHECK_EQUAL(reads_of(bench)->ios, 10);
    free_bench(bench);
}

/* ---- refilled ------------------------------------------------------------ */

static void refills_leave_in_one_call(void)
{
    for (int i = 0; i < 5; i++) {
        Bench *bench;
        uint32_t calls;

        fake_kernel_reset();
        bench = make_bench(modes[i], 8);
        CHECK_EQUAL(fake_kernel.held_count, DEPTH);
        CHECK_EQUAL(fake_kernel.submit_calls, 1);
        calls = fake_kernel.submit_calls;
        fake_kernel_succeed_all();
        while (fake_kernel.held_count == 0) {
            worker_run_once(&bench->worker);
        }
        CHECK_EQUAL(fake_kernel.held_count, DEPTH);
        CHECK_EQUAL(fake_kernel.submit_calls, calls + 1);
        fake_kernel_succeed_all();
        while (!bench->finished) {
            worker_run_once(&bench->worker);
        }
        CHECK_EQUAL(bench->job.accounts.completed, 8);
        free_bench(bench);
    }
}

/* Each refill completes before its io_submit() returns, and none recurses. */
static void what_completes_inside_its_own_submit_is_handled_once(void)
{
    for (int i = 0; i < 5; i++) {
        Bench *bench;

        fake_kernel_reset();
        fake_kernel.completes_at_once = true;
        bench = make_bench(modes[i], 5000);
        while (!bench->finished) {
            worker_run_once(&bench->worker);
        }
        CHECK_EQUAL(bench->job.accounts.completed, 5000);
        CHECK_EQUAL(reads_of(bench)->ios, 5000);
        if (i == 0) { /* the others read an eventfd first, or ask the kernel */
            CHECK(bench->worker.ctx.counters.other.completed_in_submit > 0);
        }
        free_bench(bench);
    }
}

static Bench *at_work; /* for on_submit, which has no opaque */
static Timer due;

static void do_nothing(void *opaque)
{
    (void)opaque;
}

static void notify(void)
{
    aio_notify(&at_work->worker.ctx);
}

static void arm_timer(void)
{
    timer_arm(&due, at_work->worker.ctx.now);
}

/* I/Os of a worker's second round, if all batches complete at once. */
static uint64_t ios_of_a_round(const char *mode, uint64_t poll_max_ns,
                               void (*on_submit)(void))
{
    uint64_t ios;
    Bench *bench;

    fake_kernel_reset();
    fake_kernel.completes_at_once = true;
    at_work = bench = make_bench(mode, 5000);
    aio_context_set_polling(&bench->worker.ctx, POLL_RULE_STEP, poll_max_ns, 2,
                            2);
    timer_init(&due, &bench->worker.ctx, do_nothing, NULL);
    worker_run_once(&bench->worker);
    fake_kernel.on_submit = on_submit;
    ios = bench->job.accounts.completed;
    worker_run_once(&bench->worker);
    ios = bench->job.accounts.completed - ios;
    fake_kernel.on_submit = NULL;
    while (!bench->finished) {
        worker_run_once(&bench->worker);
    }
    free_bench(bench);
    return ios;
}

/* Only if the loop polls. */
static void batches_that_follow_at_once_share_a_round(void)
{
    CHECK_EQUAL(ios_of_a_round("poll", 0, NULL), 8 * DEPTH);
    CHECK_EQUAL(ios_of_a_round("adaptive", 1000000, NULL), 8 * DEPTH);
    CHECK_EQUAL(ios_of_a_round("adaptive", 0, NULL), DEPTH);
    CHECK_EQUAL(ios_of_a_round("eventfd", 0, NULL), DEPTH);
    CHECK_EQUAL(ios_of_a_round("bh", 0, NULL), DEPTH);
    CHECK_EQUAL(ios_of_a_round("getevents", 0, NULL), DEPTH);
}

static uint64_t ios_of_one_round(Bench *bench)
{
    uint64_t before = bench->job.accounts.completed;

    worker_run_once(&bench->worker);
    return bench->job.accounts.completed - before;
}

/* Until the average has come down, each round changes it. */
static void the_weighted_rule_shares_rounds_once_it_has_converged(void)
{
    AioHandler *handler;
    Bench *bench;
    int rounds = 0;

    fake_kernel_reset();
    fake_kernel.completes_at_once = true;
    bench = make_bench("adaptive", 5000);
    aio_context_set_polling(&bench->worker.ctx, POLL_RULE_WEIGHTED, 1000000, 2,
                            2);
    TAILQ_FOREACH (handler, &bench->worker.ctx.handlers, node) {
        handler->budget.average = 1000;
    }
    worker_run_once(&bench->worker);
    while (ios_of_one_round(bench) == DEPTH) {
        CHECK(!bench->worker.ctx.poll_has_converged);
        CHECK(++rounds < 100);
    }
    CHECK(bench->worker.ctx.poll_has_converged && rounds > 10);
    CHECK_EQUAL(ios_of_one_round(bench), 8 * DEPTH);
    while (!bench->finished) {
        worker_run_once(&bench->worker);
    }
    free_bench(bench);
}

static void a_shared_round_ends_where_the_loop_has_something_to_do(void)
{
    CHECK_EQUAL(ios_of_a_round("poll", 0, notify), DEPTH);
    CHECK_EQUAL(ios_of_a_round("poll", 0, arm_timer), DEPTH);
}

/* ---- ended --------------------------------------------------------------- */

static void what_the_kernel_never_took_is_cancelled(void)
{
    Bench *bench;

    fake_kernel.submit_limit = 1;
    bench = make_bench("eventfd", JOB_UNLIMITED);
    fake_kernel_succeed(0);
    fake_kernel.submit_failures = 1000;
    fake_kernel.submit_errno = EAGAIN;
    worker_run_once(&bench->worker); /* the refill stays in the queue */
    bench->job.stop_requested = true;
    worker_check_stop(&bench->worker);
    worker_run_once(&bench->worker);
    fake_kernel_succeed_all();
    while (!bench->finished) {
        worker_run_once(&bench->worker);
    }
    CHECK_EQUAL(bench->job.accounts.cancelled, 1);
    CHECK_EQUAL(bench->job.accounts.completed, DEPTH);
    CHECK_EQUAL(bench->worker.ctx.counters.submit.withdrawn, 1);
    free_bench(bench);
}

/* The loop may never wake up again, but all requests in flight complete. */
static void a_loop_that_fails_drains_and_tells(void)
{
    Bench *bench = make_bench("eventfd", JOB_UNLIMITED);

    failing_calls.read = (FailingCall){.failures = 1, .code = EIO};
    fake_kernel_succeed_all();
    fake_kernel.completes_at_once = true; /* for the refills */
    worker_run_once(&bench->worker);
    CHECK(bench->finished);
    CHECK_EQUAL(bench->worker.failure.code, EIO);
    CHECK_EQUAL(bench->job.end, JOB_END_LOOP_FAILED);
    CHECK_EQUAL(fake_kernel.held_count, 0);
    free_bench(bench);
}

/* They come back by a bottom half, which only the loop runs. */
static void a_loop_that_fails_gets_the_pool_s_requests_back(void)
{
    int fd = make_file(100 * BLOCK);
    JobConfig job = job_of(JOB_UNLIMITED);
    Bench *bench;

    job.fd = fd;
    job.limits = (TargetLimits){.memory_align = BLOCK, .request_align = BLOCK};
    job.memory_align = 1;
    bench = make_bench_of("eventfd", &job);
    CHECK(bench->worker.ctx.counters.other.pool_fallbacks > 0);
    error_set(&bench->worker.ctx.failure, "read", EIO, 0);
    while (!bench->finished) {
        worker_run_once(&bench->worker);
    }
    CHECK_EQUAL(bench->job.end, JOB_END_LOOP_FAILED);
    free_bench(bench);
    close(fd);
}

static const TestCase tests[] = {
    TEST(a_vanished_device_s_zeros_are_failures_and_end_the_job),
    TEST(a_job_with_admission_gives_up),
    TEST(errors_are_counted_by_their_number),
    TEST(refills_leave_in_one_call),
    TEST(what_completes_inside_its_own_submit_is_handled_once),
    TEST(batches_that_follow_at_once_share_a_round),
    TEST(the_weighted_rule_shares_rounds_once_it_has_converged),
    TEST(a_shared_round_ends_where_the_loop_has_something_to_do),
    TEST(what_the_kernel_never_took_is_cancelled),
    TEST(a_loop_that_fails_drains_and_tells),
    TEST(a_loop_that_fails_gets_the_pool_s_requests_back),
};

TEST_MAIN(tests)

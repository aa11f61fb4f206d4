/*
 * A worker with one job over the fake kernel, run round by round in this
 * thread: what is recorded, what is refilled, and what a job's end is.
 */
#include <errno.h>

#include "failing_calls.h"
#include "fake_kernel.h"
#include "fixture.h"
#include "harness.h"
#include "run/worker.h"

enum { DEPTH = 4, BLOCK = 512 };

typedef struct Bench {
    Worker worker;
    Job job;
    bool finished;
} Bench;

static const char *const modes[] = {"poll", "eventfd", "bh", "adaptive",
                                    "getevents"};

static void note_finished(void *opaque, Job *job)
{
    (void)job;
    ((Bench *)opaque)->finished = true;
}

static JobConfig job_of(uint64_t ios)
{
    return (JobConfig){
        .fd = 99,
        .iodepth = DEPTH,
        .workload = {.blocks = 100,
                     .step_bytes = BLOCK,
                     .block_bytes = BLOCK,
                     .read_percent = 100},
        .ios = ios,
    };
}

static Bench *make_bench_of(const char *mode, const JobConfig *job)
{
    Bench *bench = calloc(1, sizeof(*bench));
    WorkerConfig config = {
        .completion = completion_find(mode),
        .engine = engine_find("libaio"),
        .engine_config = {.max_requests = DEPTH,
                          .max_events = DEPTH,
                          .max_batch = 32},
        .min_nr = 1,
    };
    static const bool go = true;
    Error error = {0};

    CHECK_EQUAL(job_init(&bench->job, job, test_clock(), &error), 0);
    CHECK_EQUAL(worker_init(&bench->worker, &config, test_clock(), &go,
                            note_finished, bench, &error),
                0);
    CHECK_EQUAL(worker_open(&bench->worker, &error), 0);
    worker_hand_over(&bench->worker, &bench->job);
    while (bench->job.accounts.submitted == 0) {
        worker_run_once(&bench->worker);
    }
    return bench;
}

static Bench *make_bench(const char *mode, uint64_t ios)
{
    JobConfig job = job_of(ios);

    return make_bench_of(mode, &job);
}

static void free_bench(Bench *bench)
{
    CHECK(bench->finished);
    CHECK_EQUAL(bench->job.accounts.submitted,
                bench->job.accounts.completed + bench->job.accounts.failed +
                    bench->job.accounts.cancelled);
    worker_close(&bench->worker);
    worker_cleanup(&bench->worker);
    job_cleanup(&bench->job);
    free(bench);
}

static const DirectionRecord *reads_of(const Bench *bench)
{
    return bench->job.recorder.directions[DIRECTION_READ];
}

/* ---- recorded ------------------------------------------------------------------- */

/* It answers 0 at full speed: the best result ever, were that a success. */
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

/* At its last failure nothing is in flight, and it leaves its context at once. */
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

/* ---- refilled --------------------------------------------------------------------- */

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

/* Each refill is complete before its io_submit() returns: no stack grows from it. */
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

/* One of batches that complete at once, and how much it did in its second round. */
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

/* Where the loop polls, and only there. */
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

/* Until its average has come down, each round teaches the rule something. */
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

/* ---- ended --------------------------------------------------------------------------- */

static void what_the_kernel_never_took_is_cancelled(void)
{
    Bench *bench;

    fake_kernel.submit_limit = 1;
    bench = make_bench("eventfd", JOB_UNLIMITED);
    fake_kernel_succeed(0);
    fake_kernel.submit_failures = 1000;
    fake_kernel.submit_errno = EAGAIN;
    worker_run_once(&bench->worker); /* the refill stays behind */
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

/* It may never wake up again, and yet everything that is in flight comes back. */
static void a_loop_that_fails_drains_and_tells(void)
{
    Bench *bench = make_bench("eventfd", JOB_UNLIMITED);

    failing_calls.read = (FailingCall){.failures = 1, .code = EIO};
    fake_kernel_succeed_all();
    fake_kernel.completes_at_once = true; /* what is refilled meanwhile */
    worker_run_once(&bench->worker);
    CHECK(bench->finished);
    CHECK_EQUAL(bench->worker.failure.code, EIO);
    CHECK_EQUAL(bench->job.end, JOB_END_LOOP_FAILED);
    CHECK_EQUAL(fake_kernel.held_count, 0);
    free_bench(bench);
}

/* They come back by bottom half, which nobody but the loop would run. */
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

/* ---- phases, and what they leave behind ------------------------------------------- */

static void serve(Bench *bench)
{
    while (!bench->finished) {
        fake_kernel_succeed_all();
        worker_run_once(&bench->worker);
    }
}

static void a_job_has_not_ended_until_it_has(void)
{
    for (int i = 0; i < 2; i++) {
        JobConfig job = job_of(20);
        Bench *bench;

        fake_kernel_reset();
        job.pacing.max_latency_ns[DIRECTION_READ] = i * UINT64_MAX;
        bench = make_bench_of("poll", &job);
        CHECK_EQUAL(bench->job.end, JOB_NOT_ENDED);
        while (!bench->finished) {
            CHECK_EQUAL(bench->job.end, JOB_NOT_ENDED);
            fake_kernel_succeed_all();
            worker_run_once(&bench->worker);
        }
        CHECK_EQUAL(bench->job.end, JOB_END_COMPLETE);
        free_bench(bench);
    }
}

/* With admission, so that whether it may issue is asked each time. */
static void a_ramp_s_deadline_is_not_the_window_s(void)
{
    for (int i = 0; i < 5; i++) {
        JobConfig job = job_of(20);
        Bench *bench;

        fake_kernel_reset();
        job.ramp_ns = 2000000;
        job.pacing.max_latency_ns[DIRECTION_READ] = UINT64_MAX;
        bench = make_bench_of(modes[i], &job);
        serve(bench);
        CHECK_EQUAL(bench->job.end, JOB_END_COMPLETE);
        CHECK_EQUAL(reads_of(bench)->ios, 20);
        free_bench(bench);
    }
}

/* What was in flight at the end of the ramp is all that was to be measured. */
static void a_job_that_moves_as_its_ramp_ends_has_nothing_left_to_do(void)
{
    JobConfig job = job_of(DEPTH - 2);
    Bench *bench;

    job.ramp_ns = 1000000;
    job.move_every = 2;
    bench = make_bench_of("poll", &job);
    bench->worker.next = &bench->worker;
    fake_kernel_succeed(0);
    fake_kernel_succeed(0);
    while (bench->job.phase == JOB_RAMP) {
        worker_run_once(&bench->worker);
    }
    serve(bench);
    CHECK_EQUAL(bench->job.end, JOB_END_COMPLETE);
    free_bench(bench);
}

static VerifyPlan verified(bool read_back)
{
    static uint32_t written[100];

    return (VerifyPlan){
        .method = "crc32c",
        .cells = sizeof(written) / sizeof(written[0]),
        .block_bytes = BLOCK,
        .written = written,
        .read_back = read_back,
    };
}

/* A write that waits for another to the same block, when nothing is left to be issued. */
static void what_is_held_at_the_end_of_a_ramp_is_charged_or_stays(void)
{
    JobConfig job = job_of(1);
    Bench *bench;

    job.workload.blocks = 1;
    job.workload.read_percent = 0;
    job.side_io.verify = verified(false);
    job.ramp_ns =
        1000000000; /* it is held before this is over, however slow we are */
    bench = make_bench_of("poll", &job);
    CHECK(bench->job.side_io.held);
    while (bench->job.phase == JOB_RAMP) {
        worker_run_once(&bench->worker);
    }
    serve(bench);
    CHECK_EQUAL(bench->job.end, JOB_END_COMPLETE);
    CHECK_EQUAL(bench->job.recorder.directions[DIRECTION_WRITE]->ios, 1);
    free_bench(bench);
}

/* Reading back issues nothing of the workload: its rate is 0 meanwhile. */
static void no_rate_is_missed_when_nothing_more_is_to_be_issued(void)
{
    JobConfig job = job_of(4);
    Bench *bench;

    job.workload.read_percent = 0;
    job.side_io.verify = verified(true);
    job.pacing.min_ios_per_s[DIRECTION_WRITE] = 1;
    job.pacing.min_rate_cycle_ns = UINT64_C(3600000000000);
    bench = make_bench_of("poll", &job);
    CHECK(bench->job.admission.bounds.cycle_timer.state != TIMER_IDLE);
    fake_kernel_succeed_all();
    while (bench->job.phase != JOB_VERIFYING) {
        worker_run_once(&bench->worker);
    }
    CHECK(bench->job.admission.bounds.cycle_timer.state == TIMER_IDLE);
    serve(bench);
    CHECK_EQUAL(bench->job.end, JOB_END_COMPLETE);
    free_bench(bench);
}

/* Whatever fault of ours it may be: here, a pause that nobody will end. */
static void a_job_that_waits_for_nothing_is_ended_and_told(void)
{
    JobConfig job = job_of(JOB_UNLIMITED);
    Bench *bench;

    job.runtime_ns = UINT64_C(3600000000000);
    job.pacing.think_ns = 1000000;
    job.pacing.think_ios = 1000;
    bench = make_bench_of("eventfd", &job);
    bench->job.admission.think.state = THINK_PAUSES;
    serve(bench);
    CHECK_EQUAL(bench->job.end, JOB_END_STALLED);
    CHECK_EQUAL(bench->job.accounts.completed, DEPTH);
    free_bench(bench);
}

/* A throttle group's turn may be what finds it out, and it leaves the group then. */
static void a_stall_in_a_turn_of_its_throttle_group_ends_the_job_too(void)
{
    JobConfig job = job_of(JOB_UNLIMITED);
    ThrottleGroup group;
    Bench *bench;

    throttle_group_init(&group, &(ThrottleLimits){.ios_per_s = 50},
                        test_clock());
    job.throttle = &group;
    job.pacing.think_ns = 1000000;
    job.pacing.think_ios = 1000;
    bench = make_bench_of("eventfd", &job);
    CHECK(bench->job.throttle.is_waiting);
    bench->job.admission.think.state = THINK_PAUSES;
    serve(bench);
    CHECK_EQUAL(bench->job.end, JOB_END_STALLED);
    free_bench(bench);
    throttle_group_cleanup(&group);
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
    TEST(a_job_has_not_ended_until_it_has),
    TEST(a_ramp_s_deadline_is_not_the_window_s),
    TEST(a_job_that_moves_as_its_ramp_ends_has_nothing_left_to_do),
    TEST(what_is_held_at_the_end_of_a_ramp_is_charged_or_stays),
    TEST(no_rate_is_missed_when_nothing_more_is_to_be_issued),
    TEST(a_job_that_waits_for_nothing_is_ended_and_told),
    TEST(a_stall_in_a_turn_of_its_throttle_group_ends_the_job_too),
};

TEST_MAIN(tests)

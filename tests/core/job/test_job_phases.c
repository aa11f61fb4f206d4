/* The phases of a job: what each leaves to the next, and how the job ends. */
#include "worker_bench.h"

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

/* With admission, so that the job asks before each I/O. */
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

/* The requests in flight at the ramp's end are all that is to be measured. */
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

/* A write waits for another to the same block, and no I/O is left to issue. */
static void what_is_held_at_the_end_of_a_ramp_is_charged_or_stays(void)
{
    JobConfig job = job_of(1);
    Bench *bench;

    job.workload.blocks = 1;
    job.workload.read_percent = 0;
    job.side_io.verify = verified(false);
    job.ramp_ns = 1000000000; /* long enough for it to be held before */
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

/* The workload issues nothing while it reads back: its rate is 0 then. */
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

/* For any bug that leaves a job waiting: here, a pause without a timer. */
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

/* The job may find that out in its turn; then it leaves its throttle group. */
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
    TEST(a_job_has_not_ended_until_it_has),
    TEST(a_ramp_s_deadline_is_not_the_window_s),
    TEST(a_job_that_moves_as_its_ramp_ends_has_nothing_left_to_do),
    TEST(what_is_held_at_the_end_of_a_ramp_is_charged_or_stays),
    TEST(no_rate_is_missed_when_nothing_more_is_to_be_issued),
    TEST(a_job_that_waits_for_nothing_is_ended_and_told),
    TEST(a_stall_in_a_turn_of_its_throttle_group_ends_the_job_too),
};

TEST_MAIN(tests)

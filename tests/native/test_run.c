/*
 * Whole runs through the contract, on a real file and the null engine: made
 * for the sanitizers, which see here all threads and all rows at work.
 */
#include "api.h"
#include "fixture.h"
#include "harness.h"

enum { BLOCK = 4096, BLOCKS = 256, MAX_THREADS = 4 };

static const char *const modes[] = {"poll", "eventfd", "bh", "getevents"};

typedef struct Case {
    const char *engine;
    const char *completion;
    uint32_t threads;
    uint32_t iodepth;
    uint64_t ios;
    uint64_t ramp_ns, runtime_ns;
    uint32_t read_percent;
    uint64_t null_latency_ns;
    bool ppoll;
} Case;

static Run *start(const Case *what, int fd)
{
    static JobPlan jobs[MAX_THREADS];
    static IOThreadPlan threads[MAX_THREADS];
    RunPlan plan = {.iothreads = threads, .iothread_count = what->threads};
    Error error = {0};
    Run *run;

    for (uint32_t i = 0; i < what->threads; i++) {
        jobs[i] = (JobPlan){
            .fd = fd,
            .iodepth = what->iodepth,
            .block_bytes = BLOCK,
            .region_blocks = BLOCKS,
            .random = true,
            .use_random_map = i % 2,
            .read_percent = what->read_percent,
            .ios = what->ios,
            .ramp_ns = what->ramp_ns,
            .runtime_ns = what->runtime_ns,
            .seed = i,
        };
        threads[i] = (IOThreadPlan){
            .name = "test",
            .completion = what->completion,
            .engine = what->engine,
            .ppoll = what->ppoll,
            .max_batch = 32,
            .complete_min = 1,
            .null_latency_ns = what->null_latency_ns,
            .null_jitter = 0.5,
            .jobs = &jobs[i],
            .job_count = 1,
        };
    }
    run = run_new(&plan, &error);
    CHECK(run);
    run_start(run);
    return run;
}

static void check_accounts(Run *run, const Case *what, uint64_t expected_ios)
{
    for (uint32_t i = 0; i < what->threads; i++) {
        JobReport job;
        IOThreadReport thread;
        DirectionReport direction;
        uint64_t ios = 0;

        run_job_report(run, i, 0, &job);
        run_iothread_report(run, i, &thread);
        CHECK(job.has_finished);
        CHECK_EQUAL(job.submitted, job.completed + job.failed + job.cancelled);
        CHECK_EQUAL(job.failed, 0);
        CHECK_EQUAL(thread.failure.code, 0);
        for (uint32_t d = 0; d < 4; d++) {
            if (run_direction_report(run, i, 0, d, &direction)) {
                uint64_t recorded = 0;

                for (int bin = 0; bin < HISTOGRAM_COUNTS; bin++) {
                    recorded += direction.lat.counts[bin];
                }
                CHECK_EQUAL(recorded, direction.ios);
                CHECK_EQUAL(direction.lat.sum,
                            direction.slat.sum + direction.clat.sum);
                ios += direction.ios;
            }
        }
        if (expected_ios) {
            CHECK_EQUAL(ios, expected_ios);
        }
        CHECK_EQUAL(thread.life.reaped.poll + thread.life.reaped.eventfd +
                        thread.life.reaped.bh + thread.life.reaped.getevents +
                        thread.life.reaped.inline_ + thread.life.reaped.nested,
                    job.completed);
    }
}

static void finish(Run *run, const Case *what, uint64_t expected_ios)
{
    static uint32_t indexes[HISTOGRAM_COUNTS];
    static uint64_t counts[HISTOGRAM_COUNTS];
    uint64_t sampled = 0;

    while (!run_wait(run, 5)) { /* look while it runs, as progress does */
        Sample sample;

        run_sample(run, 0, 0, &sample, indexes, counts);
        sampled += sample.ios;
    }
    check_accounts(run, what, expected_ios);
    run_free(run);
}

static void every_mode_on_a_file(void)
{
    int fd = make_file(BLOCK * BLOCKS);

    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        Case what = {.engine = "libaio", .completion = modes[i], .threads = 2,
                     .iodepth = 8, .ios = 2000, .read_percent = 70,
                     .ppoll = i % 2};

        finish(start(&what, fd), &what, 2000);
    }
    close(fd);
}

static void every_mode_on_the_null_engine(void)
{
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        Case what = {.engine = "null", .completion = modes[i], .threads = 2,
                     .iodepth = 16, .ios = 3000, .read_percent = 100,
                     .null_latency_ns = i % 2 ? 0 : 20000};

        finish(start(&what, -1), &what, 3000);
    }
}

static void a_ramp_is_not_measured(void)
{
    Case what = {.engine = "null", .completion = "eventfd", .threads = 2,
                 .iodepth = 4, .ios = 500, .read_percent = 100,
                 .ramp_ns = 30000000, .null_latency_ns = 100000};
    Run *run = start(&what, -1);
    JobReport job;

    while (!run_wait(run, 5)) {
    }
    run_job_report(run, 0, 0, &job);
    CHECK(job.completed > 600); /* the ramp's as well */
    check_accounts(run, &what, 500);
    run_free(run);
}

static void a_runtime_ends_the_job(void)
{
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        Case what = {.engine = "null", .completion = modes[i], .threads = 1,
                     .iodepth = 4, .runtime_ns = 30000000, .read_percent = 100,
                     .null_latency_ns = 50000};

        finish(start(&what, -1), &what, 0);
    }
}

static void stopping_drains(void)
{
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        Case what = {.engine = "null", .completion = modes[i], .threads = 2,
                     .iodepth = 4, .runtime_ns = 60000000000,
                     .read_percent = 100, .null_latency_ns = 1000000};
        Run *run = start(&what, -1);

        CHECK(!run_wait(run, 20));
        run_stop(run);
        run_stop(run); /* twice does no harm */
        finish(run, &what, 0);
    }
}

static void freeing_at_once_is_safe(void)
{
    for (int i = 0; i < 40; i++) {
        Case what = {.engine = "null", .completion = modes[i % 4],
                     .threads = 2, .iodepth = 4, .runtime_ns = 60000000000,
                     .read_percent = 100, .null_latency_ns = 1000};

        run_free(start(&what, -1));
    }
}

static void a_plan_that_cannot_be_leaves_nothing_behind(void)
{
    int cpu = 1000;
    JobPlan job = {.iodepth = 1, .block_bytes = BLOCK, .region_blocks = 1,
                   .read_percent = 100, .ios = 1};
    IOThreadPlan thread = {.name = "x", .completion = "poll", .engine = "null",
                           .jobs = &job, .job_count = 1, .cpus = &cpu,
                           .cpu_count = 1};
    RunPlan plan = {.iothreads = &thread, .iothread_count = 1};
    Error error = {0};

    CHECK(!run_new(&plan, &error));
    CHECK(strcmp(error.call, "sched_setaffinity") == 0);
    thread.cpu_count = 0;
    thread.engine = "nosuch";
    error = (Error){0};
    CHECK(!run_new(&plan, &error));
    CHECK(strcmp(error.call, "plan") == 0);
}

static const TestCase tests[] = {
    TEST(every_mode_on_a_file),
    TEST(every_mode_on_the_null_engine),
    TEST(a_ramp_is_not_measured),
    TEST(a_runtime_ends_the_job),
    TEST(stopping_drains),
    TEST(freeing_at_once_is_safe),
    TEST(a_plan_that_cannot_be_leaves_nothing_behind),
};

TEST_MAIN(tests)

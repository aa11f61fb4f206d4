/*
 * Whole runs by api.h, on a file and on the null engine.  Under the sanitizers
 * they show all threads and all folders of the core at work.
 *
 * Longer than 400 lines, since all tests share the plan and the checks of all
 * reports.
 */
#include "contract/api.h"
#include "fixture.h"
#include "harness.h"
#include "record/recorder.h"

enum { BLOCK = 4096, BLOCKS = 256, MAX_THREADS = 4 };

static const char *const modes[] = {"poll", "eventfd", "bh", "adaptive",
                                    "getevents"};

typedef struct Case {
    const char *engine;
    const char *completion;
    uint32_t jobs;
    uint32_t workers;    /* job i begins on worker i modulo this */
    uint64_t move_every; /* I/Os on a worker before a job moves on; 0: stay */
    bool main;           /* the first worker is the main one */
    uint32_t iodepth;
    uint64_t ios;
    uint64_t ramp_ns, runtime_ns;
    uint32_t read_percent;
    uint64_t null_latency_ns;
    bool ppoll;
    double ios_per_s; /* of all jobs together; 0: no limit */
} Case;

static Run *start(const Case *what, int fd)
{
    static JobPlan jobs[MAX_THREADS];
    static WorkerPlan workers[MAX_THREADS];
    ThrottlePlan throttle = {.ios_per_s = what->ios_per_s,
                             .burst_ns = 100000000};
    RunPlan plan = {.workers = workers,
                    .worker_count = what->workers,
                    .jobs = jobs,
                    .job_count = what->jobs,
                    .throttles = &throttle,
                    .throttle_count = 1};
    Error error = {0};
    Run *run;

    for (uint32_t i = 0; i < what->jobs; i++) {
        jobs[i] = (JobPlan){
            .worker = i % what->workers,
            .fd = fd,
            .iodepth = what->iodepth,
            .step_bytes = BLOCK,
            .block_bytes = BLOCK,
            .region_blocks = BLOCKS,
            .random = true,
            .use_random_map = i % 2,
            .read_percent = what->read_percent,
            .ios = what->ios,
            .ramp_ns = what->ramp_ns,
            .runtime_ns = what->runtime_ns,
            .seed = i,
            .move_every = what->move_every,
            .throttle = what->ios_per_s > 0,
        };
    }
    for (uint32_t i = 0; i < what->workers; i++) {
        workers[i] = (WorkerPlan){
            .name = "test",
            .is_main = what->main && i == 0,
            .next = (i + 1) % what->workers,
            .completion = what->completion,
            .engine = what->engine,
            .ppoll = what->ppoll,
            .max_batch = 32,
            .complete_min = 1,
            .engine_options.null = {.latency_ns = what->null_latency_ns,
                                    .jitter = 0.5},
            .poll_max_ns = strcmp(what->completion, "adaptive") ? 0 : 32768,
            .poll_grow = 2,
            .poll_shrink = 2,
        };
    }
    run = run_new(&plan, &error);
    CHECK(run);
    run_start(run);
    return run;
}

/* Check that the bins count @ios.  Returns the sum of the latencies. */
static uint64_t check_latency(Run *run, uint32_t job, uint32_t direction,
                              uint32_t latency, uint64_t ios)
{
    static uint32_t indexes[HISTOGRAM_COUNTS];
    static uint64_t counts[HISTOGRAM_COUNTS];
    LatencyReport report;
    uint64_t recorded = 0;

    CHECK(run_latency_report(run, job, direction, latency, &report, indexes,
                             counts));
    for (uint32_t i = 0; i < report.bins; i++) {
        CHECK(counts[i] > 0);
        CHECK(i == 0 || indexes[i - 1] < indexes[i]);
        recorded += counts[i];
    }
    CHECK_EQUAL(recorded, ios);
    return report.sum;
}

static void check_direction(Run *run, uint32_t job, uint32_t direction,
                            const DirectionReport *report)
{
    uint64_t sums[LATENCY_COUNT];

    for (uint32_t i = 0; latency_type(i); i++) {
        uint64_t ios = latency_type(i)->is_of_every_io ? report->ios : 0;

        sums[i] = check_latency(run, job, direction, i, ios);
    }
    CHECK_EQUAL(sums[LATENCY_LAT], sums[LATENCY_SLAT] + sums[LATENCY_CLAT]);
    CHECK(!run_latency_report(run, job, direction, LATENCY_COUNT, NULL, NULL,
                              NULL));
}

static void check_job(Run *run, uint32_t index, uint64_t expected_ios)
{
    JobReport job;
    DirectionReport direction;
    uint64_t ios = 0;

    run_job_report(run, index, &job);
    CHECK(job.has_finished);
    CHECK_EQUAL(job.submitted, job.completed + job.failed + job.cancelled);
    CHECK_EQUAL(job.failed, 0);
    for (uint32_t d = 0; d < 4; d++) {
        if (run_direction_report(run, index, d, &direction)) {
            check_direction(run, index, d, &direction);
            ios += direction.ios;
        } else {
            CHECK(!run_latency_report(run, index, d, 0, NULL, NULL, NULL));
        }
    }
    if (expected_ios) {
        CHECK_EQUAL(ios, expected_ios);
    }
}

static void check_worker(Run *run, uint32_t index)
{
    WorkerReport worker;
    const ReapedCounters *reaped = &worker.life.reaped;

    run_worker_report(run, index, &worker);
    CHECK_EQUAL(worker.failure.code, 0);
    CHECK_EQUAL(worker.submitted,
                worker.completed + worker.failed + worker.cancelled);
    CHECK_EQUAL(reaped->poll + reaped->eventfd + reaped->bh +
                    reaped->getevents + reaped->inline_ + reaped->nested,
                worker.completed);
    if (worker.life.eventfd.reads > 0) {
        CHECK_EQUAL(worker.life.eventfd.values + worker.leftover_events,
                    worker.completed);
    }
}

static void check_accounts(Run *run, const Case *what, uint64_t expected_ios)
{
    for (uint32_t i = 0; i < what->jobs; i++) {
        check_job(run, i, expected_ios);
    }
    for (uint32_t i = 0; i < what->workers; i++) {
        check_worker(run, i);
    }
}

/* Totals of all directions and of each; at the end they equal the report's. */
static void check_totals(Run *run, const Case *what, bool is_over)
{
    for (uint32_t i = 0; i < what->jobs; i++) {
        uint64_t ios = 0;
        Totals totals;

        for (uint32_t d = 0; d < 4; d++) {
            DirectionTotals now;
            DirectionReport report;
            uint64_t sums[LATENCY_COUNT];

            if (run_direction_totals(run, i, d, &now, sums) && is_over) {
                run_direction_report(run, i, d, &report);
                CHECK_EQUAL(now.bytes, report.bytes);
                CHECK_EQUAL(check_latency(run, i, d, LATENCY_LAT, report.ios),
                            sums[LATENCY_LAT]);
            }
            ios += d < DIRECTION_IO_COUNT ? now.ios : 0; /* not syncs */
        }
        run_totals(run, i, &totals);
        if (is_over) {
            CHECK(totals.has_finished && !totals.has_failed);
            CHECK_EQUAL(totals.ios, ios);
        }
    }
}

static void finish(Run *run, const Case *what, uint64_t expected_ios)
{
    static uint32_t indexes[HISTOGRAM_COUNTS];
    static uint64_t counts[HISTOGRAM_COUNTS];

    while (!run_wait(run, 5)) { /* look while it runs, as progress does */
        InFlightReport oldest[3];
        Sample sample;

        run_sample(run, 0, &sample, indexes, counts);
        run_in_flight(run, 0, oldest, 3);
        check_totals(run, what, false);
    }
    check_accounts(run, what, expected_ios);
    check_totals(run, what, true);
    run_free(run);
}

static void every_mode_on_a_file(void)
{
    int fd = make_file(BLOCK * BLOCKS);

    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        Case what = {.engine = "libaio",
                     .completion = modes[i],
                     .jobs = 2,
                     .workers = 2,
                     .iodepth = 8,
                     .ios = 2000,
                     .read_percent = 70,
                     .ppoll = i % 2};

        finish(start(&what, fd), &what, 2000);
    }
    close(fd);
}

static void every_mode_on_the_null_engine(void)
{
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        Case what = {.engine = "null",
                     .completion = modes[i],
                     .jobs = 2,
                     .workers = 2,
                     .iodepth = 16,
                     .ios = 3000,
                     .read_percent = 100,
                     .null_latency_ns = i % 2 ? 0 : 20000};

        finish(start(&what, -1), &what, 3000);
    }
}

static void a_ramp_is_not_measured(void)
{
    Case what = {.engine = "null",
                 .completion = "eventfd",
                 .jobs = 2,
                 .workers = 2,
                 .iodepth = 4,
                 .ios = 500,
                 .read_percent = 100,
                 .ramp_ns = 500000000, /* valgrind may not run it for 30 ms */
                 .null_latency_ns = 100000};
    Run *run = start(&what, -1);
    JobReport job;

    while (!run_wait(run, 5)) {
    }
    run_job_report(run, 0, &job);
    CHECK(job.completed > 500); /* with those of the ramp */
    check_accounts(run, &what, 500);
    run_free(run);
}

static void a_runtime_ends_the_job(void)
{
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        Case what = {.engine = "null",
                     .completion = modes[i],
                     .jobs = 1,
                     .workers = 1,
                     .iodepth = 4,
                     .runtime_ns = 30000000,
                     .read_percent = 100,
                     .null_latency_ns = 50000};

        finish(start(&what, -1), &what, 0);
    }
}

static void stopping_drains(void)
{
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        Case what = {.engine = "null",
                     .completion = modes[i],
                     .jobs = 2,
                     .workers = 2,
                     .iodepth = 4,
                     .runtime_ns = 60000000000,
                     .read_percent = 100,
                     .null_latency_ns = 1000000};
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
        Case what = {.engine = "null",
                     .completion = modes[i % 5],
                     .jobs = 2,
                     .workers = 2,
                     .iodepth = 4,
                     .runtime_ns = 60000000000,
                     .read_percent = 100,
                     .null_latency_ns = 1000};

        run_free(start(&what, -1));
    }
}

static void jobs_share_an_iothread(void)
{
    int fd = make_file(BLOCK * BLOCKS);

    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        Case what = {.engine = "libaio",
                     .completion = modes[i],
                     .jobs = 3,
                     .workers = 1,
                     .iodepth = 4,
                     .ios = 1000,
                     .read_percent = 100};

        finish(start(&what, fd), &what, 1000);
    }
    close(fd);
}

/* While it is measured, many times: it loses nothing. */
static void jobs_move_between_iothreads(void)
{
    int fd = make_file(BLOCK * BLOCKS);

    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        Case what = {.engine = i % 2 ? "null" : "libaio",
                     .completion = modes[i],
                     .jobs = 2,
                     .workers = 3,
                     .move_every = 7,
                     .iodepth = 4,
                     .ios = 2000,
                     .read_percent = 50,
                     .null_latency_ns = 1000};

        finish(start(&what, fd), &what, 2000);
    }
    close(fd);
}

static void throttled_jobs_move_and_stop(void)
{
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        Case what = {.engine = "null",
                     .completion = modes[i],
                     .jobs = 3,
                     .workers = 2,
                     .move_every = i % 2 ? 5 : 0,
                     .iodepth = 4,
                     .ios = 300,
                     .read_percent = 100,
                     .null_latency_ns = 1000,
                     .ios_per_s = 20000};
        Run *run = start(&what, -1);

        finish(run, &what, 300);
        what.ios_per_s = 1; /* all of them wait when they are stopped */
        run = start(&what, -1);
        run_wait(run, 5);
        run_stop(run);
        finish(run, &what, 0);
    }
}

static void what_is_in_flight_is_told_the_oldest_first(void)
{
    Case what = {.engine = "null",
                 .completion = "eventfd",
                 .jobs = 1,
                 .workers = 1,
                 .iodepth = 8,
                 .ios = 8,
                 .read_percent = 100,
                 .null_latency_ns = 300000000,
                 .ios_per_s = 1000};
    Run *run = start(&what, -1);
    InFlightReport oldest[3];
    bool seen[BLOCKS] = {false};

    while (run_in_flight(run, 0, oldest, 3) < 8) {
        CHECK(!run_wait(run, 1));
    }
    for (int i = 0; i < 3; i++) {
        CHECK_EQUAL(oldest[i].direction, 0);
        CHECK_EQUAL(oldest[i].bytes, BLOCK);
        CHECK(!seen[oldest[i].offset / BLOCK]);
        seen[oldest[i].offset / BLOCK] = true;
        CHECK(i == 0 || oldest[i - 1].age_ns >= oldest[i].age_ns);
    }
    CHECK_EQUAL(run_in_flight(run, 0, NULL, 0), 8);
    finish(run, &what, 8);
}

static void jobs_move_while_they_are_stopped(void)
{
    for (int i = 0; i < 40; i++) {
        Case what = {.engine = "null",
                     .completion = modes[i % 5],
                     .jobs = 3,
                     .workers = 2,
                     .move_every = 1,
                     .iodepth = 2,
                     .runtime_ns = 60000000000,
                     .read_percent = 100,
                     .null_latency_ns = 1000};
        Run *run = start(&what, -1);

        run_wait(run, i % 3);
        run_stop(run);
        finish(run, &what, 0);
    }
}

static void the_main_context_runs_in_the_thread_that_waits(void)
{
    int fd = make_file(BLOCK * BLOCKS);

    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        Case what = {.engine = "libaio",
                     .completion = modes[i],
                     .jobs = 2,
                     .workers = 1,
                     .main = true,
                     .iodepth = 4,
                     .ios = 500,
                     .read_percent = 100};

        finish(start(&what, fd), &what, 500);
        what.workers = 2; /* it moves to an IOThread, and back */
        what.move_every = 50;
        finish(start(&what, fd), &what, 500);
    }
    close(fd);
}

static void a_plan_that_cannot_be_leaves_nothing_behind(void)
{
    int cpu = 1000;
    JobPlan job = {.iodepth = 1,
                   .step_bytes = BLOCK,
                   .block_bytes = BLOCK,
                   .region_blocks = 1,
                   .read_percent = 100,
                   .ios = 1};
    WorkerPlan worker = {.name = "x",
                         .completion = "poll",
                         .engine = "null",
                         .cpus = &cpu,
                         .cpu_count = 1};
    RunPlan plan = {
        .workers = &worker, .worker_count = 1, .jobs = &job, .job_count = 1};
    Error error = {0};

    CHECK(!run_new(&plan, &error));
    CHECK(strcmp(error.call, "sched_setaffinity") == 0);
    worker.cpu_count = 0;
    worker.engine = "nosuch";
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
    TEST(jobs_share_an_iothread),
    TEST(jobs_move_between_iothreads),
    TEST(throttled_jobs_move_and_stop),
    TEST(what_is_in_flight_is_told_the_oldest_first),
    TEST(jobs_move_while_they_are_stopped),
    TEST(the_main_context_runs_in_the_thread_that_waits),
    TEST(a_plan_that_cannot_be_leaves_nothing_behind),
};

TEST_MAIN(tests)

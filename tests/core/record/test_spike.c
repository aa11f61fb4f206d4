/*
 * A planted spike: how much longer each I/O is recorded, and how many are
 * dropped.  Modes and engines have no part in it, so all give the same.
 */
#include "contract/api.h"
#include "fixture.h"
#include "harness.h"
#include "record/recorder.h"

enum { BLOCK = 4096, BLOCKS = 256, IOS = 2100, RECORDED = 2000 };

#define SHARE 0.05

static const char *const modes[] = {"poll", "eventfd", "bh", "adaptive",
                                    "getevents"};
static const char *const engines[] = {"libaio", "threads", "psync", "null"};

/* ---- what is recorded of an I/O ------------------------------------------ */

typedef struct Bench {
    Recorder recorder;
    void *records;
} Bench;

static Bench *make_bench(double share)
{
    const bool uses[DIRECTION_COUNT] = {true, true, false, true};
    Bench *bench = calloc(1, sizeof(*bench));

    CHECK(bench);
    bench->records = aligned_alloc(64, recorder_bytes(uses));
    CHECK(bench->records);
    memset(bench->records, 0, recorder_bytes(uses));
    recorder_init(&bench->recorder, test_clock(), uses, bench->records);
    bench->recorder.spike.share = share;
    return bench;
}

static void free_bench(Bench *bench)
{
    free(bench->records);
    free(bench);
}

static Request request_of(RequestOp op, uint64_t slat_ns, uint64_t lat_ns)
{
    const Clock *clock = test_clock();
    uint64_t queued = clock_now(clock);

    return (Request){.op = (uint8_t)op,
                     .bytes = BLOCK,
                     .queued = queued,
                     .submitted = queued + clock_ns_to_ticks(clock, slat_ns),
                     .reaped = queued + clock_ns_to_ticks(clock, lat_ns)};
}

static void check_near(uint64_t value, double wanted)
{
    CHECK((double)value >= wanted - 3.0 && (double)value <= wanted + 3.0);
}

static void all_latencies_are_longer_by_the_share(void)
{
    Bench *bench = make_bench(SHARE);
    Request request = request_of(REQUEST_READ, 10000, 100000), before = request;
    const DirectionRecord *record;

    recorder_add_spiked(&bench->recorder, &request);
    recorder_add_due(&bench->recorder, &request,
                     request.reaped - clock_ns_to_ticks(test_clock(), 1000000));
    record = bench->recorder.directions[DIRECTION_READ];
    check_near(record->latencies[LATENCY_SLAT].sum, 10500);
    check_near(record->latencies[LATENCY_CLAT].sum, 94500);
    check_near(record->latencies[LATENCY_LAT].sum, 105000);
    check_near(record->latencies[LATENCY_RESPONSE].sum, 1050000);
    /* the request itself is unchanged */
    CHECK(memcmp(&request, &before, sizeof(request)) == 0);
    free_bench(bench);
}

static void each_io_owes_its_share_of_a_dropped_one(void)
{
    Bench *bench = make_bench(SHARE);
    const DirectionRecord *record = bench->recorder.directions[DIRECTION_READ];

    for (int i = 1; i <= IOS; i++) {
        Request request = request_of(REQUEST_READ, 0, 1000);

        recorder_add_spiked(&bench->recorder, &request);
        recorder_add_due(&bench->recorder, &request, request.queued);
        CHECK((double)record->ios * (1.0 + SHARE) >= i - 1.1);
        CHECK((double)record->ios * (1.0 + SHARE) <= i + 1.1);
    }
    CHECK_EQUAL(record->ios, RECORDED);
    CHECK_EQUAL(record->bytes, (uint64_t)RECORDED * BLOCK);
    check_near(record->latencies[LATENCY_RESPONSE].sum / RECORDED, 1050);
    free_bench(bench);
}

static void directions_owe_apart_and_syncs_nothing(void)
{
    Bench *bench = make_bench(0.5);

    for (int i = 0; i < 300; i++) {
        Request read = request_of(REQUEST_READ, 0, 1000);
        Request write = request_of(REQUEST_WRITE, 0, 1000);
        Request sync = request_of(REQUEST_FSYNC, 0, 1000);

        recorder_add_spiked(&bench->recorder, &read);
        recorder_add_spiked(&bench->recorder, &write);
        recorder_add_spiked(&bench->recorder, &sync);
    }
    CHECK_EQUAL(bench->recorder.directions[DIRECTION_READ]->ios, 200);
    CHECK_EQUAL(bench->recorder.directions[DIRECTION_WRITE]->ios, 200);
    CHECK_EQUAL(bench->recorder.directions[DIRECTION_SYNC]->ios, 300);
    CHECK(
        bench->recorder.directions[DIRECTION_SYNC]->latencies[LATENCY_LAT].max <
        1100);
    free_bench(bench);
}

/* ---- whole runs ---------------------------------------------------------- */

/* What was recorded of the reads. */
typedef struct Outcome {
    uint64_t ios;
    LatencyReport latencies[LATENCY_COUNT];
} Outcome;

static void run(const char *engine, const char *mode, JobPlan job,
                uint32_t servers, Outcome *report)
{
    WorkerPlan worker = {
        .name = "test",
        .completion = mode,
        .engine = engine,
        .max_batch = 32,
        .complete_min = 1,
        .engine_options.null = {.latency_ns = 20000, .servers = servers},
        .poll_max_ns = strcmp(mode, "adaptive") ? 0 : 32768,
        .poll_grow = 2,
        .poll_shrink = 2,
    };
    RunPlan plan = {
        .workers = &worker, .worker_count = 1, .jobs = &job, .job_count = 1};
    static uint32_t indexes[HISTOGRAM_COUNTS];
    static uint64_t counts[HISTOGRAM_COUNTS];
    DirectionReport reads;
    Error error = {0};
    JobReport whole;
    Run *run = run_new(&plan, &error);

    CHECK(run);
    run_start(run);
    while (!run_wait(run, 100)) {
    }
    run_job_report(run, 0, &whole);
    CHECK_EQUAL(whole.submitted, IOS);
    CHECK_EQUAL(whole.completed, IOS);
    CHECK(run_direction_report(run, 0, 0, &reads));
    report->ios = reads.ios;
    for (uint32_t i = 0; i < LATENCY_COUNT; i++) {
        CHECK(run_latency_report(run, 0, 0, i, &report->latencies[i], indexes,
                                 counts));
    }
    run_free(run);
}

static JobPlan plan_of(int fd)
{
    return (JobPlan){
        .fd = fd,
        .iodepth = 8,
        .step_bytes = BLOCK,
        .block_bytes = BLOCK,
        .region_blocks = BLOCKS,
        .random = true,
        .read_percent = 100,
        .ios = IOS,
        .seed = 1,
        .spike = SHARE,
    };
}

static void it_is_planted_with_every_engine_in_every_mode(void)
{
    int fd = make_file(BLOCK * BLOCKS);

    for (size_t e = 0; e < sizeof(engines) / sizeof(engines[0]); e++) {
        for (size_t m = 0; m < sizeof(modes) / sizeof(modes[0]); m++) {
            Outcome report;

            run(engines[e], modes[m], plan_of(fd), 0, &report);
            CHECK_EQUAL(report.ios, RECORDED);
            CHECK_EQUAL(report.latencies[LATENCY_LAT].sum,
                        report.latencies[LATENCY_SLAT].sum +
                            report.latencies[LATENCY_CLAT].sum);
            if (strcmp(engines[e], "null") == 0) { /* its time at least */
                CHECK(report.latencies[LATENCY_LAT].min >= 20998);
            }
        }
    }
    close(fd);
}

/* Here a delay would only make the queue shorter. */
static void a_target_that_is_busy_loses_as_much(void)
{
    Outcome report;

    run("null", "eventfd", plan_of(-1), 1, &report);
    CHECK_EQUAL(report.ios, RECORDED);
}

static void it_is_planted_where_slots_are_gated(void)
{
    Outcome report;
    JobPlan job = plan_of(-1);

    job.pacing.ios_per_s[DIRECTION_READ] = 50000;
    run("null", "eventfd", job, 0, &report);
    CHECK_EQUAL(report.ios, RECORDED);
    CHECK(report.latencies[LATENCY_RESPONSE].min >= 20998);
}

static void no_bound_is_crossed_for_its_sake(void)
{
    Outcome report;
    JobPlan job = plan_of(-1);

    /* One in 21 is recorded; a seventh of the rate is far from both. */
    job.spike = 20.0;
    job.pacing.ios_per_s[DIRECTION_READ] = 2100;
    job.pacing.min_ios_per_s[DIRECTION_READ] = 300;
    job.pacing.min_rate_cycle_ns = 200000000;
    run("null", "eventfd", job, 0, &report);
    CHECK_EQUAL(report.ios, IOS / 21);
}

static const TestCase tests[] = {
    TEST(all_latencies_are_longer_by_the_share),
    TEST(each_io_owes_its_share_of_a_dropped_one),
    TEST(directions_owe_apart_and_syncs_nothing),
    TEST(it_is_planted_with_every_engine_in_every_mode),
    TEST(a_target_that_is_busy_loses_as_much),
    TEST(it_is_planted_where_slots_are_gated),
    TEST(no_bound_is_crossed_for_its_sake),
};

TEST_MAIN(tests)

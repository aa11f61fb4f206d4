/* Admission: when an I/O may be issued, when not, and what ends a job. */
#include "fixture.h"
#include "pacing/admission.h"

enum { DEPTH = 4, BLOCK = 4096 };

#define LONG_NS UINT64_C(3600000000000)

/* It issues reads, which complete when the test says so. */
typedef struct Bench {
    AioContext *ctx;
    Recorder recorder;
    void *records;
    Admission admission;
    Request requests[DEPTH];
    uint32_t in_flight;
    uint64_t issued, wanted, gave_up;
} Bench;

static void issue(void *opaque)
{
    Bench *bench = opaque;

    aio_context_read_clock(bench->ctx);
    while (bench->wanted > 0 && bench->in_flight < DEPTH &&
           admission_admit(&bench->admission, bench->in_flight)) {
        Request *request = &bench->requests[bench->in_flight];

        request_set_io(request, REQUEST_READ, bench->issued * BLOCK, BLOCK);
        admission_issue(&bench->admission, bench->in_flight, request,
                        bench->in_flight);
        request_begin(request, bench->ctx->now);
        bench->in_flight++;
        bench->issued++;
        bench->wanted--;
    }
}

static void bound_crossed(void *opaque)
{
    ((Bench *)opaque)->gave_up++;
}

static const AdmissionEvents events = {.resume = issue,
                                       .bound_crossed = bound_crossed};

static Bench *make_bench(const PacingPlan *plan, uint64_t wanted)
{
    const bool uses[DIRECTION_COUNT] = {true};
    Bench *bench = calloc(1, sizeof(*bench));
    Error error = {0};

    CHECK(bench);
    CHECK(admission_is_needed(plan));
    bench->ctx = make_context();
    bench->records = aligned_alloc(64, recorder_bytes(uses));
    CHECK(bench->records);
    memset(bench->records, 0, recorder_bytes(uses));
    recorder_init(&bench->recorder, test_clock(), uses, bench->records);
    CHECK_EQUAL(admission_init(&bench->admission, plan, DEPTH, uses, false,
                               BLOCK, 1, &bench->recorder, test_clock(),
                               &error),
                0);
    admission_attach(&bench->admission, bench->ctx, &events, bench);
    aio_context_read_clock(bench->ctx);
    admission_begin(&bench->admission);
    admission_open_window(&bench->admission);
    bench->wanted = wanted;
    issue(bench);
    return bench;
}

static void free_bench(Bench *bench)
{
    admission_detach(&bench->admission);
    admission_cleanup(&bench->admission);
    free(bench->records);
    free_context(bench->ctx);
    free(bench);
}

/* The newest request completes, so others may be issued. */
static AdmissionVerdict complete_one(Bench *bench)
{
    Request *request = &bench->requests[--bench->in_flight];
    AdmissionVerdict verdict;

    request->reaped = aio_context_read_clock(bench->ctx);
    verdict = admission_complete(&bench->admission, bench->in_flight, request);
    issue(bench);
    return verdict;
}

static double seconds_since(uint64_t start_ns)
{
    return (double)(clock_monotonic_ns() - start_ns) / 1e9;
}

/* ---- time ---------------------------------------------------------------- */

/* At 1,000 a second; the first is due at once. */
static void check_none_was_early(const Bench *bench)
{
    uint64_t due = test_clock()->ticks_per_s / 1000 * (bench->issued - 1);

    CHECK(clock_now(test_clock()) - bench->admission.pacer.begun >= due);
}

static void no_io_goes_before_it_is_due(void)
{
    Bench *bench = make_bench(&(PacingPlan){.ios_per_s = {1000}}, 100);

    CHECK(bench->issued >= 1);
    check_none_was_early(bench);
    while (bench->wanted > 0) {
        aio_poll(bench->ctx, true);
        check_none_was_early(bench);
        while (bench->in_flight > 0) {
            complete_one(bench);
            check_none_was_early(bench);
        }
    }
    free_bench(bench);
}

static void end_the_sleep(void *opaque)
{
    (void)opaque;
}

/*
 * A busy machine may stop this thread for longer than a try takes: try again
 * until it does not.
 */
static void the_loop_sleeps_until_an_io_is_due(void)
{
    Bench *bench = make_bench(&(PacingPlan){.ios_per_s = {1.0 / 3600}}, 2);
    uint64_t ms = test_clock()->ticks_per_s / 1000;
    Timer soon;

    CHECK_EQUAL(bench->issued, 1);
    CHECK(admission_waits(&bench->admission));
    timer_init(&soon, bench->ctx, end_the_sleep, NULL);
    while (bench->ctx->counters.loop.blocking == 0) {
        timer_arm(&soon, clock_now(test_clock()) + 20 * ms);
        aio_poll(bench->ctx, true);
    }
    timer_disarm(&soon);
    CHECK_EQUAL(bench->issued, 1);
    free_bench(bench);
}

static void what_waited_for_a_slot_goes_when_there_is_one_and_keeps_its_time(
    void)
{
    Bench *bench = make_bench(&(PacingPlan){.ios_per_s = {1000}}, 10);

    while (clock_now(test_clock()) - bench->admission.pacer.begun <
           test_clock()->ticks_per_s / 20) {
        aio_poll(bench->ctx, false);
    }
    CHECK_EQUAL(bench->issued, DEPTH);
    for (uint64_t i = 1; i <= 6; i++) {
        complete_one(bench);
        CHECK_EQUAL(bench->issued, DEPTH + i);
    }
    CHECK(bench->admission.pacer.late >= 6);
    while (bench->in_flight > 0) {
        complete_one(bench);
    }
    /* the device took no time, but the I/Os were issued late */
    CHECK(bench->recorder.directions[0]->latencies[LATENCY_RESPONSE].max >
          30000000);
    free_bench(bench);
}

/* ---- depths -------------------------------------------------------------- */

static void a_full_queue_is_refilled_when_it_is_low(void)
{
    Bench *bench = make_bench(&(PacingPlan){.depth_low = 1}, 100);

    CHECK_EQUAL(bench->in_flight, DEPTH);
    complete_one(bench);
    complete_one(bench);
    CHECK_EQUAL(bench->in_flight, 2);
    complete_one(bench); /* leaves one: the low mark */
    CHECK_EQUAL(bench->in_flight, DEPTH);
    free_bench(bench);
}

static void a_search_holds_the_depth_that_it_looks_at(void)
{
    PacingPlan plan = {
        .target_ns = LONG_NS, .target_window_ns = 1, .target_percent = 100};
    Bench *bench = make_bench(&plan, 0);
    AdmissionVerdict verdict = ADMISSION_GO_ON;

    admission_begin_search(&bench->admission);
    bench->wanted = 100;
    issue(bench);
    CHECK_EQUAL(bench->in_flight, 1);
    complete_one(bench);
    CHECK_EQUAL(bench->in_flight, 2);
    while (verdict == ADMISSION_GO_ON) {
        verdict = complete_one(bench);
    }
    CHECK_EQUAL(verdict, ADMISSION_SEARCH_IS_OVER);
    CHECK_EQUAL(bench->admission.depth_limit, DEPTH);
    free_bench(bench);
}

/* ---- pauses -------------------------------------------------------------- */

static void a_pause_waits_until_nothing_is_in_flight(void)
{
    PacingPlan plan = {.think_ns = 20000000, .think_ios = 6};
    Bench *bench = make_bench(&plan, 100);
    uint64_t start_ns;

    for (int i = 0; i < 5; i++) {
        complete_one(bench);
    }
    CHECK_EQUAL(bench->in_flight, DEPTH);
    complete_one(bench); /* the sixth */
    CHECK_EQUAL(bench->issued, 9);
    for (int i = 0; i < 3; i++) {
        CHECK_EQUAL(bench->issued, 9);
        start_ns = clock_monotonic_ns();
        complete_one(bench);
    }
    CHECK_EQUAL(bench->in_flight, 0);
    while (bench->in_flight == 0) {
        aio_poll(bench->ctx, true);
    }
    CHECK(seconds_since(start_ns) >= 0.0199);
    CHECK_EQUAL(bench->in_flight, DEPTH);
    free_bench(bench);
}

static void a_pause_moves_the_schedule_only_if_it_shall(void)
{
    for (int shifts = 0; shifts <= 1; shifts++) {
        PacingPlan plan = {.think_ns = 50000000,
                           .think_ios = 1,
                           .think_shifts = shifts,
                           .ios_per_s = {1000}};
        Bench *bench = make_bench(&plan, 2);
        uint64_t begun = bench->admission.pacer.begun;

        complete_one(bench);
        while (bench->wanted > 0) {
            aio_poll(bench->ctx, true);
        }
        CHECK_EQUAL(bench->admission.pacer.begun > begun, shifts);
        free_bench(bench);
    }
}

/* ---- bounds -------------------------------------------------------------- */

static void one_io_that_takes_too_long_ends_the_job(void)
{
    Bench *bench = make_bench(&(PacingPlan){.max_latency_ns = {1000000}}, 4);
    PacingReport report;

    usleep(2000);
    CHECK_EQUAL(complete_one(bench), ADMISSION_END_JOB);
    admission_report(&bench->admission, &report);
    CHECK(report.latency_exceeded);
    CHECK(report.latency_ns > 2000000);
    CHECK_EQUAL(report.offset, 3 * BLOCK);
    CHECK_EQUAL(complete_one(bench),
                ADMISSION_GO_ON); /* only the first is reported */
    free_bench(bench);
}

static void a_rate_below_the_minimum_ends_the_job(void)
{
    PacingPlan plan = {.min_ios_per_s = {100}, .min_rate_cycle_ns = 20000000};
    Bench *bench = make_bench(&plan, 4);
    PacingReport report;

    while (bench->gave_up == 0) {
        aio_poll(bench->ctx, true);
    }
    admission_report(&bench->admission, &report);
    CHECK(report.rate_missed);
    CHECK(report.ios_per_s < 100);
    free_bench(bench);
}

static const TestCase tests[] = {
    TEST(no_io_goes_before_it_is_due),
    TEST(the_loop_sleeps_until_an_io_is_due),
    TEST(what_waited_for_a_slot_goes_when_there_is_one_and_keeps_its_time),
    TEST(a_full_queue_is_refilled_when_it_is_low),
    TEST(a_search_holds_the_depth_that_it_looks_at),
    TEST(a_pause_waits_until_nothing_is_in_flight),
    TEST(a_pause_moves_the_schedule_only_if_it_shall),
    TEST(one_io_that_takes_too_long_ends_the_job),
    TEST(a_rate_below_the_minimum_ends_the_job),
};

TEST_MAIN(tests)

/* Bounds: which I/O is too slow, and which cycle. */
#include "fixture.h"
#include "harness.h"
#include "pacing/bounds.h"

static void note(void *opaque)
{
    ++*(int *)opaque;
}

static Recorder make_recorder(DirectionRecord *record)
{
    return (Recorder){.clock = test_clock(),
                      .directions = {[DIRECTION_READ] = record}};
}

static Request took(RequestOp op, uint64_t ns)
{
    return (Request){.op = op,
                     .offset = ns,
                     .queued = 1000,
                     .reaped = 1000 + clock_ns_to_ticks(test_clock(), ns)};
}

static void the_first_io_that_took_too_long_is_told(void)
{
    PacingPlan plan = {.max_latency_ns = {[DIRECTION_READ] = 1000000}};
    Recorder recorder = make_recorder(NULL);
    Request fast = took(REQUEST_READ, 900000);
    Request slow = took(REQUEST_READ, 2000000);
    Request write = took(REQUEST_WRITE, 9000000);
    Request later = took(REQUEST_READ, 3000000);
    PacingReport report = {0};
    Bounds bounds;

    CHECK(bounds_are_set(&plan) && !bounds_are_set(&(PacingPlan){0}));
    bounds_init(&bounds, &plan, &recorder);
    CHECK(!bounds_latency_is_exceeded(&bounds, &fast));
    CHECK(!bounds_latency_is_exceeded(&bounds, &write));
    CHECK(bounds_latency_is_exceeded(&bounds, &slow));
    CHECK(!bounds_latency_is_exceeded(&bounds, &later));
    bounds_report(&bounds, &report);
    CHECK(report.latency_exceeded && !report.rate_missed);
    CHECK_EQUAL(report.offset, 2000000);
    CHECK_EQUAL(report.direction, DIRECTION_READ);
}

static void a_cycle_that_is_too_slow_ends_the_job(void)
{
    static DirectionRecord record;
    AioContext *ctx = make_context();
    PacingPlan plan = {.min_ios_per_s = {[DIRECTION_READ] = 1},
                       .min_rate_cycle_ns = 1000000};
    Recorder recorder = make_recorder(&record);
    PacingReport report = {0};
    Bounds bounds;
    int crossed = 0;

    bounds_init(&bounds, &plan, &recorder);
    bounds_attach(&bounds, ctx, note, &crossed);
    bounds_open_window(&bounds);
    record.ios = 1000000; /* enough for this cycle, and none in the next */
    while (record.ios != bounds.ios[DIRECTION_READ]) {
        CHECK_EQUAL(crossed, 0);
        aio_poll(ctx, true);
    }
    while (!crossed) {
        aio_poll(ctx, true);
    }
    bounds_report(&bounds, &report);
    CHECK(report.rate_missed && !report.latency_exceeded);
    CHECK(report.ios_per_s == 0);
    bounds_close_window(&bounds);
    bounds_detach(&bounds);
    free_context(ctx);
}

static const TestCase tests[] = {
    TEST(the_first_io_that_took_too_long_is_told),
    TEST(a_cycle_that_is_too_slow_ends_the_job),
};

TEST_MAIN(tests)

/* Sessions: requests issued one by one, cancelled and released; and closing. */
#define _GNU_SOURCE
#include <errno.h>

#include "session/session.h"
#include "session_bench.h"

/* ---- what is read and written -------------------------------------------- */

static void check_round_trip(Bench *bench, uint64_t offset, uint32_t bytes)
{
    uint8_t data[4 * BLOCK];
    SessionRequest *request;

    memset(data, 0xab, sizeof(data));
    request = session_write(bench->session, bench->target, offset, bytes, data);
    wait_for(bench, request);
    CHECK_EQUAL(request->result, 0);
    CHECK_EQUAL(request->bytes, bytes);
    session_release(bench->session, request);

    request = session_sync(bench->session, bench->target, bytes % 2);
    wait_for(bench, request);
    CHECK_EQUAL(request->result, 0);
    session_release(bench->session, request);

    request = session_read(bench->session, bench->target, offset, bytes);
    wait_for(bench, request);
    CHECK_EQUAL(request->result, 0);
    CHECK_EQUAL(request->bytes, bytes);
    CHECK_EQUAL((uintptr_t)request->buffer % 4096, 0);
    CHECK_EQUAL(memcmp(request->buffer, data, bytes), 0);
    session_release(bench->session, request);
}

static void what_is_written_is_read_in_every_mode_with_every_engine(void)
{
    for (size_t e = 0; e < 2; e++) {
        for (size_t m = 0; m < 5; m++) {
            Bench bench = open_bench(modes[m], engines[e], 4);

            check_round_trip(&bench, 0, 4 * BLOCK);
            check_round_trip(&bench, 100, 700); /* misaligned */
            CHECK_EQUAL(report_of(&bench).in_use, 0);
            close_bench(&bench);
        }
    }
}

static void a_read_ends_where_the_target_does(void)
{
    Bench bench = open_bench("eventfd", "libaio", 4);
    SessionRequest *request = session_read(bench.session, bench.target,
                                           (BLOCKS - 1) * BLOCK, 4 * BLOCK);

    wait_for(&bench, request);
    CHECK_EQUAL(request->result, 0);
    CHECK_EQUAL(request->bytes, BLOCK);
    session_release(bench.session, request);
    request = session_read(bench.session, bench.target, BLOCKS * BLOCK, 1);
    wait_for(&bench, request);
    CHECK_EQUAL(request->result, 0);
    CHECK_EQUAL(request->bytes, 0);
    close_bench(&bench);
}

static void a_failure_comes_back_as_its_errno(void)
{
    for (size_t e = 0; e < 2; e++) {
        Bench bench = open_bench("eventfd", engines[e], 4);
        TargetLimits limits = {0};
        SessionTarget *closed = session_attach(bench.session, 9999, &limits);
        SessionRequest *request = session_read(bench.session, closed, 0, 10);

        wait_for(&bench, request);
        CHECK_EQUAL(request->result, -EBADF);
        session_release(bench.session, request);
        session_detach(bench.session, closed);
        close_bench(&bench);
    }
}

/* ---- turns, times, giving up --------------------------------------------- */

static void there_may_be_more_requests_than_iodepth(void)
{
    for (size_t m = 0; m < 5; m++) {
        Bench bench = open_bench(modes[m], engines[m % 2], 4);

        for (uint32_t i = 0; i < 200; i++) {
            session_read(bench.session, bench.target, i * BLOCK, BLOCK);
        }
        drain(&bench);
        CHECK_EQUAL(report_of(&bench).in_use, 200);
        CHECK(report_of(&bench).counters.other.in_flight_max <= 4);
        session_release_all(bench.session);
        CHECK_EQUAL(report_of(&bench).in_use, 0);
        close_bench(&bench);
    }
}

static void what_completes_inside_its_submit_is_done_without_a_round(void)
{
    Session *session = open_session("poll", "null", 4, 0);
    TargetLimits limits = {0};
    SessionTarget *target = session_attach(session, -1, &limits);
    SessionReport report;

    for (int i = 0; i < 1000; i++) {
        SessionRequest *request = session_read(session, target, 0, BLOCK);

        CHECK(request->done);
        session_release(session, request);
    }
    session_report(session, &report);
    CHECK_EQUAL(report.counters.loop.iterations, 0);
    CHECK_EQUAL(report.counters.reaped.inline_, 1000);
    CHECK_EQUAL(report.slots, 1);
    session_close(session);
}

static void plugged_requests_leave_together(void)
{
    Bench bench = open_bench("eventfd", "libaio", 32);

    session_plug(bench.session);
    for (uint32_t i = 0; i < 16; i++) {
        session_read(bench.session, bench.target, i * BLOCK, BLOCK);
    }
    CHECK_EQUAL(report_of(&bench).counters.submit.calls, 0);
    CHECK_EQUAL(drain(&bench), 16);
    CHECK_EQUAL(report_of(&bench).counters.submit.calls, 1);
    close_bench(&bench);
}

/* Nothing wakes the loop any more, but all requests and sleeps end. */
static void a_loop_that_fails_ends_requests_and_sleeps(void)
{
    for (size_t e = 0; e < 2; e++) {
        for (size_t m = 0; m < 5; m++) {
            Bench bench = open_bench(modes[m], engines[e], 4);
            SessionRequest *sleep;

            error_set(&bench.session->ctx.failure, "read", EIO, 0);
            sleep = session_sleep(bench.session, 1000000);
            check_round_trip(&bench, 0, 4 * BLOCK);
            check_round_trip(&bench, 100, 700); /* misaligned */
            wait_for(&bench, sleep);
            CHECK_EQUAL(sleep->result, 0);
            CHECK_EQUAL(report_of(&bench).failure.code, EIO);
            close_bench(&bench);
        }
    }
}

static void sleeps_end_in_order_and_can_be_cancelled(void)
{
    Session *session = open_session("eventfd", "libaio", 4, 0);
    SessionRequest *late = session_sleep(session, 100000000);
    SessionRequest *early = session_sleep(session, 1000000);
    SessionRequest *never = session_sleep(session, 3600 * SECOND_NS);
    uint32_t slots[BATCH];

    session_cancel(session, never);
    CHECK_EQUAL(session_poll(session, false, 0, slots, BATCH), 1);
    CHECK_EQUAL(slots[0], never->slot);
    CHECK_EQUAL(never->result, -ECANCELED);
    while (!early->done) {
        CHECK(!late->done);
        session_poll(session, false, SECOND_NS, slots, BATCH);
    }
    while (!late->done) {
        session_poll(session, false, SECOND_NS, slots, BATCH);
    }
    CHECK_EQUAL(late->result, 0);
    session_close(session);
}

static void a_poll_returns_when_its_time_is_up(void)
{
    for (size_t m = 0; m < 5; m++) {
        Session *session = open_session(modes[m], "libaio", 4, 0);
        uint32_t slots[BATCH];

        CHECK_EQUAL(session_poll(session, false, 2000000, slots, BATCH), 0);
        session_close(session);
    }
}

static void what_waits_for_its_turn_can_be_cancelled(void)
{
    Session *session = open_session("poll", "null", 1, 2000000);
    TargetLimits limits = {0};
    SessionTarget *target = session_attach(session, -1, &limits);
    SessionRequest *first, *second;
    uint32_t slots[BATCH];

    session_plug(session); /* no request completes before the first poll */
    first = session_read(session, target, 0, BLOCK);
    second = session_read(session, target, 0, BLOCK);
    session_cancel(session, first); /* it is in flight: no effect */
    CHECK(!first->done);
    session_cancel(session, second);
    CHECK(second->done);
    CHECK_EQUAL(second->result, -ECANCELED);
    CHECK_EQUAL(session_target_busy(target), 1);
    while (!first->done) {
        session_poll(session, false, SECOND_NS, slots, BATCH);
    }
    CHECK_EQUAL(first->result, 0);
    CHECK_EQUAL(session_target_busy(target), 0);
    session_close(session);
}

static void withdrawing_ends_what_was_not_begun(void)
{
    Bench bench = open_bench("eventfd", "libaio", 4);

    session_plug(bench.session);
    for (uint32_t i = 0; i < 20; i++) {
        session_read(bench.session, bench.target, i * BLOCK, BLOCK);
    }
    session_withdraw(bench.session, bench.target);
    CHECK(session_target_busy(bench.target) <= 4);
    drain(&bench);
    session_release_all(bench.session);
    session_detach(bench.session, bench.target);
    CHECK_EQUAL(report_of(&bench).in_use, 0);
    close_bench(&bench);
}

/* ---- memory -------------------------------------------------------------- */

static void what_is_released_in_flight_is_freed_when_it_is_back(void)
{
    for (int round = 0; round < 100; round++) {
        Bench bench = open_bench(modes[round % 5], engines[round % 2], 8);

        for (uint32_t i = 0; i < 20; i++) {
            session_release(bench.session,
                            session_read(bench.session, bench.target, i * BLOCK,
                                         8 * BLOCK));
        }
        CHECK_EQUAL(drain(&bench), 0);
        CHECK_EQUAL(report_of(&bench).in_use, 0);
        close_bench(&bench);
    }
}

static void slots_and_buffers_are_used_again(void)
{
    Bench bench = open_bench("eventfd", "libaio", 8);
    SessionReport report;

    for (int i = 0; i < 1000; i++) {
        SessionRequest *a = session_read(bench.session, bench.target, 0, BLOCK);
        SessionRequest *b =
            session_read(bench.session, bench.target, 0, 4 * BLOCK);

        wait_for(&bench, a);
        wait_for(&bench, b);
        session_release(bench.session, a);
        session_release(bench.session, b);
    }
    report = report_of(&bench);
    CHECK_EQUAL(report.slots, 2);
    CHECK_EQUAL(report.buffer_bytes, 8192);
    close_bench(&bench);
}

static void a_large_buffer_is_not_kept(void)
{
    Bench bench = open_bench("eventfd", "libaio", 8);
    SessionRequest *request =
        session_read(bench.session, bench.target, 0, 4 << 20);

    wait_for(&bench, request);
    CHECK_EQUAL(request->bytes, BLOCK * BLOCKS);
    session_release(bench.session, request);
    CHECK_EQUAL(report_of(&bench).buffer_bytes, 0);
    close_bench(&bench);
}

static void a_session_can_be_closed_with_anything_under_way(void)
{
    for (int round = 0; round < 100; round++) {
        Bench bench = open_bench(modes[round % 5], engines[round % 2], 8);
        static const uint8_t data[100];

        session_sleep(bench.session, SECOND_NS);
        for (uint32_t i = 0; i < 20; i++) {
            session_read(bench.session, bench.target, i * BLOCK + round, BLOCK);
            session_write(bench.session, bench.target, i * 100, sizeof(data),
                          data);
        }
        if (round % 3 == 0) {
            session_plug(bench.session);
            session_read(bench.session, bench.target, 0, BLOCK);
        }
        close_bench(&bench);
    }
}

static void a_plan_that_makes_no_sense_is_refused(void)
{
    SessionPlan plan = {
        .completion = "magic", .engine = "libaio", .iodepth = 4};
    Error error = {0};

    CHECK(!session_open(&plan, &error));
    CHECK_EQUAL(error.code, EINVAL);
    plan.completion = "poll";
    plan.iodepth = 10000000; /* beyond aio-max-nr */
    error = (Error){0};
    CHECK(!session_open(&plan, &error));
    CHECK_EQUAL(strcmp(error.call, "io_setup"), 0);
}

static const TestCase tests[] = {
    TEST(what_is_written_is_read_in_every_mode_with_every_engine),
    TEST(a_read_ends_where_the_target_does),
    TEST(a_failure_comes_back_as_its_errno),
    TEST(there_may_be_more_requests_than_iodepth),
    TEST(what_completes_inside_its_submit_is_done_without_a_round),
    TEST(plugged_requests_leave_together),
    TEST(sleeps_end_in_order_and_can_be_cancelled),
    TEST(a_loop_that_fails_ends_requests_and_sleeps),
    TEST(a_poll_returns_when_its_time_is_up),
    TEST(what_waits_for_its_turn_can_be_cancelled),
    TEST(withdrawing_ends_what_was_not_begun),
    TEST(what_is_released_in_flight_is_freed_when_it_is_back),
    TEST(slots_and_buffers_are_used_again),
    TEST(a_large_buffer_is_not_kept),
    TEST(a_session_can_be_closed_with_anything_under_way),
    TEST(a_plan_that_makes_no_sense_is_refused),
};

TEST_MAIN(tests)

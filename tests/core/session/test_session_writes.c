/*
 * Writes of sessions that share a block: they run one after the other, unless
 * all of them are aligned.
 */
#define _GNU_SOURCE
#include <errno.h>

#include "session_bench.h"

/* Each write reads, modifies and writes the same block. */
static void writes_of_parts_of_a_block_do_not_undo_each_other(void)
{
    for (int round = 0; round < 20; round++) {
        Bench bench = open_bench(modes[round % 5], engines[round % 2], 16);
        uint8_t data[BLOCK];
        SessionRequest *request;

        session_plug(bench.session);
        for (uint32_t i = 0; i < 8; i++) {
            memset(data, 0x80 + (int)i, sizeof(data));
            session_write(bench.session, bench.target, i * 64, 64, data);
        }
        CHECK_EQUAL(drain(&bench), 8);

        request = session_read(bench.session, bench.target, 0, BLOCK);
        wait_for(&bench, request);
        for (uint32_t i = 0; i < BLOCK; i++) {
            CHECK_EQUAL(((uint8_t *)request->buffer)[i], 0x80 + i / 64);
        }
        close_bench(&bench);
    }
}

typedef struct NullBench {
    Session *session;
    SessionTarget *target;
} NullBench;

/*
 * On the null engine, with a target that demands an alignment of 512.  It is
 * plugged, so that no request completes before the first poll.
 */
static NullBench open_null_bench(uint32_t iodepth)
{
    TargetLimits limits = {.memory_align = BLOCK, .request_align = BLOCK};
    NullBench bench = {
        .session = open_session("eventfd", "null", iodepth, 2000000)};

    bench.target = session_attach(bench.session, -1, &limits);
    CHECK(bench.target);
    session_plug(bench.session);
    return bench;
}

static SessionRequest *null_write(NullBench *bench, uint64_t offset,
                                  uint32_t bytes)
{
    static const uint8_t data[4 * BLOCK];
    SessionRequest *request =
        session_write(bench->session, bench->target, offset, bytes, data);

    CHECK(request);
    return request;
}

static void wait_for_all(NullBench *bench)
{
    uint32_t slots[BATCH];

    while (session_target_busy(bench->target) > 0) {
        session_poll(bench->session, false, SECOND_NS, slots, BATCH);
    }
}

static void a_misaligned_write_is_alone_with_its_blocks(void)
{
    static const struct {
        uint64_t first, second;
        uint32_t first_bytes, second_bytes, at_a_time;
    } pairs[] = {
        {0, 100, BLOCK, 100, 1},     /* aligned, then inside of it */
        {100, 0, 100, BLOCK, 1},     /* the other way round */
        {100, 300, 100, 100, 1},     /* parts of one block */
        {500, BLOCK, 100, BLOCK, 1}, /* its second block */
        {0, 100, 4 * BLOCK, 100, 1}, /* one of several */
        {0, 0, BLOCK, BLOCK, 2},     /* both aligned: no conflict */
        {0, 600, BLOCK, 100, 2},     /* neighbours */
        {600, 0, 100, BLOCK, 2},     {100, 600, 100, 100, 2},
    };

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        NullBench bench = open_null_bench(8);
        SessionReport report;

        null_write(&bench, pairs[i].first, pairs[i].first_bytes);
        null_write(&bench, pairs[i].second, pairs[i].second_bytes);
        wait_for_all(&bench);
        session_report(bench.session, &report);
        CHECK_EQUAL(report.counters.other.in_flight_max, pairs[i].at_a_time);
        session_close(bench.session);
    }
}

static void who_waits_for_a_block_is_not_overtaken(void)
{
    NullBench bench = open_null_bench(8);
    SessionRequest *first = null_write(&bench, 0, BLOCK);
    SessionRequest *second = null_write(&bench, 100, 100);
    SessionRequest *third = null_write(&bench, 0, BLOCK);
    SessionRequest *fourth = null_write(&bench, 200, 100);
    uint32_t slots[BATCH];

    while (!fourth->done) {
        session_poll(bench.session, false, SECOND_NS, slots, BATCH);
        CHECK(first->done || !second->done);
        CHECK(second->done || !third->done);
        CHECK(third->done || !fourth->done);
    }
    session_close(bench.session);
}

static void who_waits_for_a_block_takes_nobody_s_turn(void)
{
    NullBench bench = open_null_bench(2);
    SessionRequest *last = null_write(&bench, 0, BLOCK), *read;
    uint32_t slots[BATCH];

    for (uint32_t i = 0; i < 8; i++) {
        last = null_write(&bench, i, 100);
    }
    read = session_read(bench.session, bench.target, 0, BLOCK);
    CHECK_EQUAL(session_target_busy(bench.target), 10);
    while (!read->done) {
        session_poll(bench.session, false, SECOND_NS, slots, BATCH);
    }
    CHECK(!last->done);
    wait_for_all(&bench);
    CHECK_EQUAL(last->result, 0);
    session_close(bench.session);
}

/* The third waits only for the second, and the second for the first. */
static void who_waited_for_a_cancelled_write_goes_on(void)
{
    NullBench bench = open_null_bench(8);
    SessionRequest *first = null_write(&bench, 0, BLOCK);
    SessionRequest *second = null_write(&bench, 500, 100);
    SessionRequest *third = null_write(&bench, BLOCK, BLOCK);

    session_cancel(bench.session, second);
    CHECK_EQUAL(second->result, -ECANCELED);
    CHECK(!third->done);
    wait_for_all(&bench);
    CHECK_EQUAL(first->result, 0);
    CHECK_EQUAL(third->result, 0);
    session_close(bench.session);
}

static void writes_that_wait_for_a_block_are_withdrawn(void)
{
    NullBench bench = open_null_bench(8);
    SessionRequest *first = null_write(&bench, 0, BLOCK);
    SessionReport report;

    for (uint32_t i = 0; i < 20; i++) {
        null_write(&bench, i * 50, 100);
    }
    session_withdraw(bench.session, NULL);
    CHECK(session_target_busy(bench.target) <= 1);
    wait_for_all(&bench);
    CHECK(first->done);
    session_release_all(bench.session);
    session_report(bench.session, &report);
    CHECK_EQUAL(report.in_use, 0);
    CHECK(report.counters.other.in_flight_max <= 1);
    session_close(bench.session);
}

static const TestCase tests[] = {
    TEST(writes_of_parts_of_a_block_do_not_undo_each_other),
    TEST(a_misaligned_write_is_alone_with_its_blocks),
    TEST(who_waits_for_a_block_is_not_overtaken),
    TEST(who_waits_for_a_block_takes_nobody_s_turn),
    TEST(who_waited_for_a_cancelled_write_goes_on),
    TEST(writes_that_wait_for_a_block_are_withdrawn),
};

TEST_MAIN(tests)

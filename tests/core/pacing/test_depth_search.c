/* The search for a depth, on devices that are fast up to a certain depth. */
#include "pacing/depth_search.h"
#include "harness.h"

enum { TARGET = 100, WINDOW = 1000, FAST = 100, SLOW = 101 };

/* How many of a hundred I/Os at a depth are within the target. */
typedef uint32_t Device(uint32_t depth, uint32_t limit);

static uint32_t all_or_none(uint32_t depth, uint32_t limit)
{
    return depth <= limit ? 100 : 0;
}

static uint32_t ever_fewer(uint32_t depth, uint32_t limit)
{
    (void)limit;
    return depth < 100 ? 100 - depth : 0;
}

/* One window, and its end. */
static void look(DepthSearch *search, Device *device, uint32_t limit,
                 uint64_t *now)
{
    uint32_t depth = search->depth, within = device(depth, limit);

    for (uint32_t i = 0; i < 100; i++) {
        uint64_t took = i < within ? FAST : SLOW;
        uint64_t queued = *now + i * 8;
        bool is_last = i == 99;

        if (is_last) {
            queued = *now + WINDOW;
        }
        CHECK_EQUAL(depth_search_add(search, queued, queued + took), is_last);
    }
    *now = search->window_start;
}

static DepthSearch search_all(Device *device, uint32_t limit, double percent,
                              uint32_t highest)
{
    DepthSearch search;
    uint64_t now = 5000;

    depth_search_init(&search, TARGET, WINDOW, percent, highest);
    depth_search_begin(&search, now);
    while (!search.is_over) {
        CHECK(search.depth >= 1 && search.depth <= highest);
        look(&search, device, limit, &now);
    }
    return search;
}

static void whatever_the_highest_good_depth_is_it_is_found(void)
{
    for (uint32_t highest = 1; highest <= 40; highest++) {
        for (uint32_t limit = 1; limit <= highest; limit++) {
            DepthSearch search = search_all(all_or_none, limit, 100, highest);

            CHECK(search.found);
            CHECK_EQUAL(search.depth, limit);
        }
    }
}

static void the_largest_queue_takes_few_steps(void)
{
    DepthSearch search = search_all(all_or_none, 40000, 100, 65536);

    CHECK_EQUAL(search.depth, 40000);
    CHECK(search.step_count <= 33);
    for (uint32_t i = 0; i < search.step_count; i++) {
        CHECK_EQUAL(search.steps[i].holds, search.steps[i].depth <= 40000);
        CHECK_EQUAL(search.steps[i].ios, 100);
    }
}

static void where_not_even_one_holds_there_is_none(void)
{
    DepthSearch search = search_all(all_or_none, 0, 100, 32);

    CHECK(!search.found);
    CHECK_EQUAL(search.step_count, 1);
    CHECK_EQUAL(search.depth, 1);
}

static void so_many_percent_must_be_within(void)
{
    CHECK_EQUAL(search_all(ever_fewer, 0, 90, 64).depth, 10);
    CHECK_EQUAL(search_all(ever_fewer, 0, 50, 64).depth, 50);
}

static void what_was_queued_before_the_window_does_not_count(void)
{
    DepthSearch search;

    depth_search_init(&search, TARGET, WINDOW, 100, 8);
    depth_search_begin(&search, 5000);
    CHECK(!depth_search_add(&search, 4999, 9000));
    CHECK_EQUAL(search.ios, 0);
    CHECK(depth_search_add(&search, 6000, 6050));
    CHECK_EQUAL(search.depth, 2);
}

static const TestCase tests[] = {
    TEST(whatever_the_highest_good_depth_is_it_is_found),
    TEST(the_largest_queue_takes_few_steps),
    TEST(where_not_even_one_holds_there_is_none),
    TEST(so_many_percent_must_be_within),
    TEST(what_was_queued_before_the_window_does_not_count),
};

TEST_MAIN(tests)

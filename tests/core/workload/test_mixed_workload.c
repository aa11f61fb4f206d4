/* The next I/O of workloads with a shape: permutations, sized maps, ranks. */
#include "fixture.h"
#include "harness.h"
#include "workload/mixed_workload.h"

/* ---- each block once ----------------------------------------------------- */

static void check_lfsr(uint64_t blocks)
{
    uint8_t *visits = calloc(1, blocks);
    Lfsr lfsr;

    lfsr_init(&lfsr, blocks, blocks + 3);
    for (int pass = 1; pass <= 2; pass++) {
        for (uint64_t i = 0; i < blocks; i++) {
            uint64_t block = lfsr_next(&lfsr);

            CHECK(block < blocks);
            CHECK_EQUAL(visits[block], pass - 1);
            visits[block]++;
        }
    }
    free(visits);
}

static void an_lfsr_visits_each_block_once_per_pass(void)
{
    for (uint64_t blocks = 1; blocks <= 300; blocks++) {
        check_lfsr(blocks);
    }
    for (uint32_t bits = 9; bits <= 14; bits++) { /* no state unused, and one */
        check_lfsr((UINT64_C(1) << bits) - 1);
        check_lfsr(UINT64_C(1) << bits);
    }
}

static void check_sized_map(RandomMapSized *map, bool use_lfsr, uint64_t units)
{
    uint8_t *visits = calloc(1, units);

    random_map_sized_begin(map, use_lfsr, units, units);
    for (int pass = 1; pass <= 3; pass++) {
        for (uint64_t done = 0, count; done < units; done += count) {
            uint64_t first = random_map_sized_next(map, done % 7 + 1, &count);

            CHECK(count >= 1 && count <= done % 7 + 1);
            CHECK(first + count <= units);
            for (uint64_t i = 0; i < count; i++) {
                CHECK_EQUAL(visits[first + i], pass - 1);
                visits[first + i]++;
            }
        }
    }
    free(visits);
}

static void a_sized_map_visits_each_unit_once_whatever_is_wanted(void)
{
    static const uint64_t many[] = {4095, 4096, 4097, 262143, 262144, 262145};
    RandomMapSized map;

    for (uint64_t units = 1; units <= 200; units++) {
        CHECK_EQUAL(random_map_sized_init(&map, units), 0);
        check_sized_map(&map, units % 2, units);
        random_map_sized_cleanup(&map);
    }
    for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++) {
        CHECK_EQUAL(random_map_sized_init(&map, many[i]), 0);
        check_sized_map(&map, false, many[i]);
        check_sized_map(&map, true, many[i]);
        check_sized_map(&map, false,
                        many[i] / 3); /* a smaller zone after a large one */
        random_map_sized_cleanup(&map);
    }
}

/* ---- ranks --------------------------------------------------------------- */

static void the_ranks_of_a_huge_region_cost_no_table(void)
{
    static const double thetas[] = {0.01, 0.5, 1, 1.2, 3, 100};

    for (size_t i = 0; i < sizeof(thetas) / sizeof(thetas[0]); i++) {
        for (uint64_t ranks = 1; ranks < UINT64_C(1) << 61;
             ranks = ranks * 17 + 1) {
            RandomStream stream;
            Zipf zipf;

            random_stream_init(&stream, ranks);
            zipf_init(&zipf, ranks, thetas[i]);
            for (int j = 0; j < 200; j++) {
                CHECK(zipf_next(&zipf, &stream) < ranks);
            }
        }
    }
}

static void every_place_of_a_distribution_is_reached_and_none_outside(void)
{
    for (uint32_t kind = DISTRIBUTION_UNIFORM; kind <= DISTRIBUTION_NORMAL;
         kind++) {
        DirectionShape shape = {
            .distribution = kind, .parameter = 0.4, .center = 0.5};
        uint32_t visits[8] = {0};
        Distribution distribution;

        distribution_init(&distribution, &shape, 8, kind);
        for (int i = 0; i < 10000; i++) {
            uint64_t at = distribution_next(&distribution);

            CHECK(at < 8);
            visits[at]++;
        }
        for (int i = 0; i < 8; i++) {
            CHECK(visits[i] > 0);
        }
    }
}

static const TestCase tests[] = {
    TEST(an_lfsr_visits_each_block_once_per_pass),
    TEST(a_sized_map_visits_each_unit_once_whatever_is_wanted),
    TEST(the_ranks_of_a_huge_region_cost_no_table),
    TEST(every_place_of_a_distribution_is_reached_and_none_outside),
};

TEST_MAIN(tests)

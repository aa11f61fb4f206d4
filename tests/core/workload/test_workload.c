/*
 * The next I/O of plain workloads: random map, streams, sequential positions.
 */
#include <math.h>

#include "fixture.h"
#include "harness.h"
#include "record/histogram.h"
#include "workload/random_map.h"
#include "workload/workload.h"

/* ---- the random map ------------------------------------------------------ */

static void check_passes(uint64_t blocks, int passes)
{
    uint8_t *visits = calloc(1, blocks);
    RandomMap map;

    random_map_init(&map, blocks, blocks * 31 + 7);
    for (int pass = 1; pass <= passes; pass++) {
        for (uint64_t i = 0; i < blocks; i++) {
            uint64_t block = random_map_next(&map);

            CHECK(block < blocks);
            CHECK_EQUAL(visits[block], pass - 1);
            visits[block]++;
        }
    }
    free(visits);
}

static void each_block_once_per_pass_at_every_small_size(void)
{
    for (uint64_t blocks = 1; blocks <= 300; blocks++) {
        check_passes(blocks, 3);
    }
}

static void each_block_once_per_pass_at_awkward_sizes(void)
{
    static const uint64_t sizes[] = {1023,  1024,  1025,  4095,   4097,
                                     65521, 65536, 65537, 999983, 1000000};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        check_passes(sizes[i], 2);
    }
}

static void passes_differ_and_a_seed_repeats_them(void)
{
    enum { BLOCKS = 1000 };
    RandomMap a, b;
    uint64_t first[BLOCKS];
    int same = 0;

    random_map_init(&a, BLOCKS, 5);
    random_map_init(&b, BLOCKS, 5);
    for (int i = 0; i < BLOCKS; i++) {
        first[i] = random_map_next(&a);
        CHECK_EQUAL(first[i], random_map_next(&b));
    }
    for (int i = 0; i < BLOCKS; i++) {
        same += random_map_next(&a) == first[i];
    }
    CHECK(same < 20); /* one is expected by chance */
}

/* Each offset is above the one before as often as it is below. */
static void the_order_is_no_pattern(void)
{
    enum { BLOCKS = 100003 };
    RandomMap map;
    uint64_t previous, rises = 0, quarter[4] = {0};

    random_map_init(&map, BLOCKS, 3);
    previous = random_map_next(&map);
    for (int i = 1; i < BLOCKS; i++) {
        uint64_t block = random_map_next(&map);

        rises += block > previous;
        quarter[i / (BLOCKS / 4 + 1)] += block < BLOCKS / 2;
        previous = block;
    }
    CHECK(rises > BLOCKS * 0.49 && rises < BLOCKS * 0.51);
    for (int i = 0; i < 4; i++) {
        CHECK(quarter[i] > BLOCKS / 8 * 0.97 && quarter[i] < BLOCKS / 8 * 1.03);
    }
}

/* The deviation of a chi-square statistic, in standard deviations. */
static double excess(const uint64_t *counts, const double *expected, int n)
{
    double chi2 = 0;

    for (int i = 0; i < n; i++) {
        double off = (double)counts[i] - expected[i];

        chi2 += off * off / expected[i];
    }
    return (chi2 - (n - 1)) / sqrt(2.0 * (n - 1));
}

/* An offset predicts neither the next one nor the distance to it. */
static void neighbours_in_time_are_independent(void)
{
    enum { CELLS = 16, SEEDS = 20 };
    static const uint64_t sizes[] = {4096, 65536, 100003};

    for (size_t i = 0; i < SEEDS * sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint64_t blocks = sizes[i / SEEDS], previous;
        uint64_t pairs[CELLS * CELLS] = {0}, distances[CELLS] = {0};
        double equal[CELLS * CELLS], triangle[CELLS];
        RandomMap map;

        random_map_init(&map, blocks, i);
        previous = random_map_next(&map);
        for (uint64_t n = 1; n < blocks; n++) {
            uint64_t block = random_map_next(&map);
            uint64_t far = block > previous ? block - previous
                                            : previous - block;

            pairs[previous * CELLS / blocks * CELLS + block * CELLS / blocks]++;
            distances[far * CELLS / blocks]++;
            previous = block;
        }
        for (int cell = 0; cell < CELLS * CELLS; cell++) {
            equal[cell] = (double)(blocks - 1) / (CELLS * CELLS);
        }
        for (int cell = 0; cell < CELLS; cell++) { /* 2 (1 - x) dx */
            triangle[cell] = (double)(blocks - 1) * (2.0 * (CELLS - cell) - 1) /
                             (CELLS * CELLS);
        }
        CHECK(excess(pairs, equal, CELLS * CELLS) < 6);
        CHECK(excess(distances, triangle, CELLS) < 6);
    }
}

/* ---- the workload -------------------------------------------------------- */

static Workload *workload_of(WorkloadPlan plan)
{
    Workload *workload = malloc(sizeof(*workload));

    workload_init(workload, &plan);
    return workload;
}

static void sequential_offsets_wrap_and_directions_have_their_own(void)
{
    Workload *workload = workload_of((WorkloadPlan){.start = 8192,
                                                    .blocks = 3,
                                                    .step_bytes = 4096,
                                                    .block_bytes = 4096,
                                                    .read_percent = 50});
    uint64_t next[2] = {0, 0};
    int ios[2] = {0, 0};

    for (int i = 0; i < 100; i++) {
        Request request = {0};
        uint64_t *expected;

        workload_next(workload, &request);
        expected = &next[request.op == REQUEST_WRITE];
        CHECK_EQUAL(request.offset, 8192 + *expected * 4096);
        CHECK_EQUAL(request.bytes, 4096);
        *expected = (*expected + 1) % 3;
        ios[request.op == REQUEST_WRITE]++;
    }
    CHECK(ios[0] > 20 && ios[1] > 20); /* both directions did occur */
    free(workload);
}

static void the_same_seed_gives_the_same_ios(void)
{
    WorkloadPlan plan = {.blocks = 1000,
                         .step_bytes = 512,
                         .block_bytes = 512,
                         .random = true,
                         .read_percent = 30,
                         .seed = 9};
    Workload *a = workload_of(plan), *b = workload_of(plan), *c;
    int differing = 0;

    plan.seed = 10;
    c = workload_of(plan);
    for (int i = 0; i < 1000; i++) {
        Request from_a = {0}, from_b = {0}, from_c = {0};

        workload_next(a, &from_a);
        workload_next(b, &from_b);
        workload_next(c, &from_c);
        CHECK_EQUAL(from_a.offset, from_b.offset);
        CHECK_EQUAL(from_a.op, from_b.op);
        differing += from_a.offset != from_c.offset;
    }
    CHECK(differing > 900);
    free(a);
    free(b);
    free(c);
}

static void the_mix_is_as_asked(void)
{
    Workload *workload = workload_of((WorkloadPlan){.blocks = 10,
                                                    .step_bytes = 512,
                                                    .block_bytes = 512,
                                                    .random = true,
                                                    .read_percent = 70});
    int reads = 0;

    for (int i = 0; i < 100000; i++) {
        Request request = {0};

        workload_next(workload, &request);
        reads += request.op == REQUEST_READ;
    }
    CHECK(reads > 69300 && reads < 70700);
    free(workload);
}

/* ---- histograms ---------------------------------------------------------- */

static void a_bin_holds_its_values_to_three_digits(void)
{
    for (uint64_t ns = 0; ns < HISTOGRAM_MAX_NS; ns += ns / 777 + 1) {
        uint32_t index = histogram_index(ns);
        uint64_t low = histogram_value(index),
                 high = histogram_value(index + 1);

        CHECK(index < HISTOGRAM_BUCKETS);
        CHECK(low <= ns && ns < high);
        CHECK((high - low - 1) * 1000 <= ns);
    }
    CHECK(histogram_index(HISTOGRAM_MAX_NS) < HISTOGRAM_BUCKETS);
    CHECK_EQUAL(histogram_index(HISTOGRAM_MAX_NS + 1), HISTOGRAM_OVERFLOW);
    CHECK_EQUAL(histogram_index(UINT64_MAX), HISTOGRAM_OVERFLOW);
}

static void extremes_and_sum_are_exact(void)
{
    Histogram *histogram = calloc(1, sizeof(*histogram));

    histogram_reset(histogram);
    CHECK_EQUAL(histogram->min, UINT64_MAX);
    histogram_add(histogram, 5000);
    histogram_add(histogram, 123456789);
    histogram_add(histogram, 17);
    CHECK_EQUAL(histogram->min, 17);
    CHECK_EQUAL(histogram->max, 123456789);
    CHECK_EQUAL(histogram->sum, 5000 + 123456789 + 17);
    CHECK_EQUAL(histogram->counts[histogram_index(17)], 1);
    histogram_reset(histogram);
    CHECK_EQUAL(histogram->sum + histogram->counts[histogram_index(17)], 0);
    free(histogram);
}

static const TestCase tests[] = {
    TEST(each_block_once_per_pass_at_every_small_size),
    TEST(each_block_once_per_pass_at_awkward_sizes),
    TEST(passes_differ_and_a_seed_repeats_them),
    TEST(the_order_is_no_pattern),
    TEST(neighbours_in_time_are_independent),
    TEST(sequential_offsets_wrap_and_directions_have_their_own),
    TEST(the_same_seed_gives_the_same_ios),
    TEST(the_mix_is_as_asked),
    TEST(a_bin_holds_its_values_to_three_digits),
    TEST(extremes_and_sum_are_exact),
};

TEST_MAIN(tests)

/*
 * The data of writes: repeatable, and as compressible and repetitive as
 * planned.
 */
#include "harness.h"
#include "workload/write_data.h"

#define CHUNK 64
#define BLOCK 4096

/* Exactly as much memory as needed, so that the sanitizer sees an overrun. */
static uint8_t *filled(const DataPlan *plan, uint64_t key, uint64_t offset,
                       uint32_t bytes)
{
    uint8_t *buffer = malloc(bytes ? bytes : 1);

    CHECK(buffer);
    write_data_fill(plan, 7, key, offset, buffer, bytes);
    return buffer;
}

static void any_length_is_filled_and_no_byte_beyond_it(void)
{
    static const uint8_t pattern[] = "0123456789abcdef";
    static const uint32_t at[] = {3};
    static const DataPlan plans[] = {
        {.refill = true},
        {.zeros = true},
        {.pattern = pattern, .pattern_bytes = 16},
        {.pattern = pattern,
         .pattern_bytes = 11,
         .offset_at = at,
         .offset_count = 1},
        {.compress_percent = 1, .compress_chunk = 16},
        {.compress_percent = 100, .compress_chunk = UINT32_MAX},
        {.compress_percent = 99,
         .compress_chunk = 512,
         .pattern = pattern,
         .pattern_bytes = 16,
         .dedupe_percent = 50},
    };

    for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
        for (uint32_t bytes = 0; bytes <= 600; bytes++) {
            uint8_t *one = filled(&plans[i], bytes, 4096, bytes);
            uint8_t *again = filled(&plans[i], bytes, 4096, bytes);

            CHECK_EQUAL(memcmp(one, again, bytes), 0);
            free(one);
            free(again);
        }
    }
}

static void a_sector_has_a_number_of_its_own_at_any_length(void)
{
    RandomStream stream;

    random_stream_init(&stream, 1);
    for (uint32_t bytes = 1; bytes <= 1030; bytes++) {
        uint8_t *buffer = calloc(1, bytes);

        write_data_freshen(&stream, buffer, bytes);
        CHECK(bytes < 520 || memcmp(buffer, buffer + 512, 8) != 0);
        free(buffer);
    }
}

static void a_pattern_repeats_and_carries_the_offset(void)
{
    static const uint8_t pattern[11] = {1, 2, 3};
    static const uint32_t at[] = {3};
    DataPlan plan = {.pattern = pattern,
                     .pattern_bytes = sizeof(pattern),
                     .offset_at = at,
                     .offset_count = 1};
    uint8_t *block = filled(&plan, 0, UINT64_C(0x0807060504030201), BLOCK);

    for (uint32_t i = 0; i < BLOCK; i++) {
        uint32_t place = i % sizeof(pattern);

        CHECK_EQUAL(block[i], place < 3 ? place + 1 : place - 2);
    }
    free(block);
}

static uint32_t zeros_in(const uint8_t *bytes, uint32_t count)
{
    uint32_t zeros = 0;

    for (uint32_t i = 0; i < count; i++) {
        zeros += bytes[i] == 0;
    }
    return zeros;
}

static void so_much_of_each_chunk_is_zeros(void)
{
    for (uint32_t percent = 0; percent <= 100; percent++) {
        DataPlan plan = {.refill = true,
                         .compress_percent = percent,
                         .compress_chunk = CHUNK};
        uint8_t *block = filled(&plan, percent, 0, BLOCK);
        uint32_t dull = CHUNK * percent / 100, by_chance = 0;

        for (uint32_t i = 0; i < BLOCK; i += CHUNK) {
            CHECK_EQUAL(zeros_in(block + i + CHUNK - dull, dull), dull);
            by_chance += zeros_in(block + i, CHUNK - dull);
        }
        CHECK(by_chance < 64); /* 16 are expected, at most */
        free(block);
    }
}

static int by_number(const void *one, const void *other)
{
    uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;

    return (a > b) - (a < b);
}

static void so_many_blocks_are_one_and_the_same_and_the_others_differ(void)
{
    enum { BLOCKS = 4000 };
    static uint64_t first[BLOCKS];

    for (uint32_t percent = 0; percent <= 100; percent += 20) {
        DataPlan plan = {.refill = true, .dedupe_percent = percent};
        uint32_t distinct = 1, same;

        for (uint64_t i = 0; i < BLOCKS; i++) {
            uint64_t block[8];

            write_data_fill(&plan, 7, i * 4096, i, (uint8_t *)block,
                            sizeof(block));
            first[i] = block[0];
        }
        qsort(first, BLOCKS, sizeof(first[0]), by_number);
        for (uint32_t i = 1; i < BLOCKS; i++) {
            distinct += first[i] != first[i - 1];
        }
        same = BLOCKS - distinct + (percent > 0);
        /* Beyond five deviations of a binomial, which are 155 at most. */
        CHECK(same + 160 > BLOCKS * percent / 100);
        CHECK(same < BLOCKS * percent / 100 + 160);
        CHECK(percent > 0 || distinct == BLOCKS);
        CHECK(percent < 100 || distinct == 1);
    }
}

static const TestCase tests[] = {
    TEST(any_length_is_filled_and_no_byte_beyond_it),
    TEST(a_sector_has_a_number_of_its_own_at_any_length),
    TEST(a_pattern_repeats_and_carries_the_offset),
    TEST(so_much_of_each_chunk_is_zeros),
    TEST(so_many_blocks_are_one_and_the_same_and_the_others_differ),
};

TEST_MAIN(tests)

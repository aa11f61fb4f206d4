/* Verified blocks: a good one passes, and a bad one is told with its fault. */
#include "harness.h"
#include "verify/verify_block.h"

#define BLOCK 1024
#define OFFSET UINT64_C(65536)

static const DataPlan plain;

static BlockMaker maker_of(const char *method)
{
    BlockMaker maker = {
        .data = &plain,
        .seed = 11,
        .run = 22,
        .bytes = BLOCK,
        .method = 3,
        .has_header = true,
        .has_digest = strcmp(method, "meta") != 0,
    };
    Error error = {0};

    if (maker.has_digest) {
        CHECK_EQUAL(verify_hash_open(&maker.hash, method, NULL, 0, &error), 0);
    }
    return maker;
}

static const BlockWanted second = {.offset = OFFSET, .generation = 2};

static VerifyFailure explained(const BlockMaker *maker,
                               const BlockWanted *wanted, const uint8_t *block)
{
    static uint8_t expected[BLOCK], scratch[BLOCK];
    VerifyFailure failure;
    bool is_known;

    CHECK(!verify_block_is_sound(maker, wanted, block));
    verify_block_explain(maker, wanted, block, expected, scratch, &is_known,
                         &failure);
    CHECK_EQUAL(failure.offset, wanted->offset);
    return failure;
}

#define CHECK_FAULT(maker, block, told) \
    CHECK_EQUAL(strcmp(explained(maker, &second, block).fault, told), 0)

static void a_block_is_sound_as_it_was_made_and_for_no_other_wish(void)
{
    BlockMaker maker = maker_of("crc32c");
    BlockWanted any = {.offset = OFFSET};
    BlockWanted first_or_newer = {
        .offset = OFFSET, .generation = 1, .or_newer = true};
    BlockWanted third_or_newer = {
        .offset = OFFSET, .generation = 3, .or_newer = true};
    BlockWanted elsewhere = {.offset = OFFSET + BLOCK, .generation = 2};
    uint8_t block[BLOCK];

    verify_block_make(&maker, OFFSET, 2, block);
    CHECK(verify_block_is_sound(&maker, &second, block));
    CHECK(verify_block_is_sound(&maker, &any, block));
    CHECK(verify_block_is_sound(&maker, &first_or_newer, block));
    CHECK(!verify_block_is_sound(&maker, &third_or_newer, block));
    CHECK(!verify_block_is_sound(&maker, &elsewhere, block));
}

static void each_bit_that_flips_is_found_and_its_byte_is_told(void)
{
    BlockMaker maker = maker_of("crc32c");
    uint8_t block[BLOCK];

    verify_block_make(&maker, OFFSET, 2, block);
    for (uint32_t bit = 0; bit < BLOCK * 8; bit++) {
        VerifyFailure failure;

        block[bit / 8] ^= (uint8_t)(1u << bit % 8);
        failure = explained(&maker, &second, block);
        CHECK_EQUAL(strcmp(failure.fault, "corrupt"), 0);
        CHECK_EQUAL(failure.first_bad, bit / 8);
        CHECK_EQUAL(failure.bad_bytes, 1);
        block[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    CHECK(verify_block_is_sound(&maker, &second, block));
}

static void a_pattern_s_bits_are_found_too(void)
{
    static const uint8_t bytes[7] = {1, 2, 3, 4, 5, 6, 7};
    DataPlan data = {.pattern = bytes, .pattern_bytes = sizeof(bytes)};
    BlockMaker maker = {.data = &data, .bytes = BLOCK};
    uint8_t block[BLOCK];

    verify_block_make(&maker, OFFSET, 2, block);
    CHECK(verify_block_is_sound(&maker, &second, block));
    for (uint32_t bit = 0; bit < BLOCK * 8; bit++) {
        VerifyFailure failure;

        block[bit / 8] ^= (uint8_t)(1u << bit % 8);
        failure = explained(&maker, &second, block);
        CHECK_EQUAL(failure.first_bad, bit / 8);
        CHECK_EQUAL(failure.bad_bytes, 1);
        block[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void meta_finds_what_befalls_a_header_alone(void)
{
    BlockMaker maker = maker_of("meta");
    uint8_t block[BLOCK];

    for (uint32_t byte = 0; byte < BLOCK; byte++) {
        verify_block_make(&maker, OFFSET, 2, block);
        block[byte] ^= 0x10;
        CHECK_EQUAL(verify_block_is_sound(&maker, &second, block),
                    byte >= VERIFY_HEADER_BYTES);
    }
}

static void faults_are_told_apart(void)
{
    BlockMaker maker = maker_of("crc32c"), other_seed = maker,
               other_run = maker, other_method = maker;
    uint8_t block[BLOCK], older[BLOCK];

    other_seed.seed++;
    other_run.run++;
    other_method.method++;

    memset(block, 0, BLOCK);
    CHECK_FAULT(&maker, block, "zeroed");
    memset(block, 0xa5, BLOCK);
    CHECK_FAULT(&maker, block, "corrupt");
    verify_block_make(&maker, OFFSET + BLOCK, 2, block);
    CHECK_FAULT(&maker, block, "misplaced");
    CHECK_EQUAL(explained(&maker, &second, block).found_offset, OFFSET + BLOCK);
    verify_block_make(&other_seed, OFFSET, 2, block);
    CHECK_FAULT(&maker, block, "foreign");
    verify_block_make(&other_run, OFFSET, 2, block);
    CHECK_FAULT(&maker, block, "foreign");
    verify_block_make(&other_method, OFFSET, 2, block);
    CHECK_FAULT(&maker, block, "foreign");

    verify_block_make(&maker, OFFSET, 1, older);
    CHECK_FAULT(&maker, older, "stale");
    CHECK_EQUAL(explained(&maker, &second, older).found_generation, 1);
    verify_block_make(&maker, OFFSET, 2, block);
    memcpy(block + 512, older + 512, 512);
    CHECK_FAULT(&maker, block, "torn");
    verify_block_make(&maker, OFFSET, 2, block);
    memcpy(block, older, 512);
    CHECK_FAULT(&maker, block, "torn");
    verify_block_make(&maker, OFFSET, 2, block);
    memset(block, 0, 512);
    CHECK_FAULT(&maker, block, "torn");
    memset(block, 0xa5, 512);
    CHECK_FAULT(&maker, block, "corrupt");
}

static const TestCase tests[] = {
    TEST(a_block_is_sound_as_it_was_made_and_for_no_other_wish),
    TEST(each_bit_that_flips_is_found_and_its_byte_is_told),
    TEST(a_pattern_s_bits_are_found_too),
    TEST(meta_finds_what_befalls_a_header_alone),
    TEST(faults_are_told_apart),
};

TEST_MAIN(tests)

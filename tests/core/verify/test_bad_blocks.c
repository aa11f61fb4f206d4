/* Bad blocks: the first ones are kept, with copies of their bytes. */
#include <string.h>

#include "verify/bad_blocks.h"
#include "harness.h"

enum { BLOCK = 512 };

static void the_first_are_kept_and_the_very_first_with_their_bytes(void)
{
    static BadBlocks bad;
    uint8_t found[BLOCK], expected[BLOCK];

    CHECK_EQUAL(bad_blocks_init(&bad, BLOCK), 0);
    for (uint32_t i = 0; i < BAD_BLOCKS_MAX + 3; i++) {
        memset(found, (int)i, sizeof(found));
        memset(expected, (int)i + 100, sizeof(expected));
        bad_blocks_keep(&bad, &(VerifyFailure){.offset = i}, found, expected);
    }
    CHECK_EQUAL(bad.count, BAD_BLOCKS_MAX);
    for (uint32_t i = 0; i < BAD_BLOCKS_MAX; i++) {
        const VerifyFailure *kept = &bad.failures[i];

        CHECK_EQUAL(kept->offset, i);
        if (i >= BAD_BLOCKS_WITH_BYTES_MAX) {
            CHECK(!kept->found && !kept->expected);
            continue;
        }
        CHECK(kept->found[0] == i && kept->found[BLOCK - 1] == i);
        CHECK(kept->expected[0] == i + 100);
        CHECK(kept->expected[BLOCK - 1] == i + 100);
    }
    bad_blocks_cleanup(&bad);
}

static void bytes_that_nobody_knows_are_not_kept(void)
{
    static BadBlocks bad;
    uint8_t found[BLOCK] = {7};

    CHECK_EQUAL(bad_blocks_init(&bad, BLOCK), 0);
    bad_blocks_keep(&bad, &(VerifyFailure){.offset = 1}, NULL, NULL);
    bad_blocks_keep(&bad, &(VerifyFailure){.offset = 2}, found, NULL);
    CHECK(!bad.failures[0].found && !bad.failures[0].expected);
    CHECK(bad.failures[1].found[0] == 7 && !bad.failures[1].expected);
    bad_blocks_cleanup(&bad);
}

static const TestCase tests[] = {
    TEST(the_first_are_kept_and_the_very_first_with_their_bytes),
    TEST(bytes_that_nobody_knows_are_not_kept),
};

TEST_MAIN(tests)

/*
 * The bad blocks that verification found: the first ones are kept, and the bytes
 * of the very first.  The others are counted by whoever found them.
 */
#pragma once

#include <stddef.h>

#include "contract/verify_plan.h"

#define BAD_BLOCKS_MAX 64           /* that are kept */
#define BAD_BLOCKS_WITH_BYTES_MAX 8 /* ... and their bytes as well */

typedef struct BadBlocks {
    VerifyFailure failures[BAD_BLOCKS_MAX];
    uint32_t count;
    uint32_t block_bytes;
    uint8_t *bytes; /* pairs of blocks: what was found, what was expected */
} BadBlocks;

/* How much memory their bytes take. */
size_t bad_blocks_bytes(uint32_t block_bytes);

/* 0 or -ENOMEM. */
int bad_blocks_init(BadBlocks *bad, uint32_t block_bytes);
void bad_blocks_cleanup(BadBlocks *bad);

/* While there is room.  @found, @expected: NULL, where they are not known. */
void bad_blocks_keep(BadBlocks *bad, const VerifyFailure *failure,
                     const uint8_t *found, const uint8_t *expected);

/*
 * The bad blocks that verification found.  It keeps the first BAD_BLOCKS_MAX,
 * and of the first few also the bytes.  The caller counts all of them.
 */
#pragma once

#include <stddef.h>

#include "contract/verify_plan.h"

#define BAD_BLOCKS_MAX 64           /* kept */
#define BAD_BLOCKS_WITH_BYTES_MAX 8 /* kept with their bytes */

typedef struct BadBlocks {
    VerifyFailure failures[BAD_BLOCKS_MAX];
    uint32_t count; /* of those kept */
    uint32_t block_bytes;
    uint8_t *bytes; /* pairs of blocks: what was found, what was expected */
} BadBlocks;

/* How much memory the kept bytes need. */
size_t bad_blocks_bytes(uint32_t block_bytes);

/* 0 or -ENOMEM. */
int bad_blocks_init(BadBlocks *bad, uint32_t block_bytes);
void bad_blocks_cleanup(BadBlocks *bad);

/* Keep one, if there is room.  @found, @expected: NULL if not known. */
void bad_blocks_keep(BadBlocks *bad, const VerifyFailure *failure,
                     const uint8_t *found, const uint8_t *expected);

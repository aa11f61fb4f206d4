/*
 * The plan of the data that a job writes.
 *
 * cffi reads this file, too, so it has plain declarations only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct DataPlan {
    /* fill each write with new random bytes; else renew 8 bytes a sector */
    bool refill;
    bool zeros;
    /* repeated from the start of each block; NULL: none */
    const uint8_t *pattern;
    uint32_t pattern_bytes;
    /* positions in the pattern that get the block's offset, as 8 bytes in
     * little-endian order */
    const uint32_t *offset_at;
    uint32_t offset_count;
    uint32_t compress_percent; /* of each chunk: the share that compresses */
    uint32_t compress_chunk;   /* bytes */
    uint32_t dedupe_percent;   /* share of the blocks that have the same data */
} DataPlan;

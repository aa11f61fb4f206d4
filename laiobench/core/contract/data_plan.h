/*
 * What a job writes, as a plan says it.  Part of the contract with Python:
 * plain declarations only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct DataPlan {
    /* new random bytes at each write; else only a number in each sector */
    bool refill;
    bool zeros;
    /* repeated from the block's beginning; NULL: none */
    const uint8_t *pattern;
    uint32_t pattern_bytes;
    /* where in the pattern the block's offset is, in 8 bytes, little-endian */
    const uint32_t *offset_at;
    uint32_t offset_count;
    uint32_t compress_percent; /* of each chunk: is pattern, or zeros */
    uint32_t compress_chunk;   /* bytes */
    uint32_t dedupe_percent;   /* of the blocks: have the same data */
} DataPlan;

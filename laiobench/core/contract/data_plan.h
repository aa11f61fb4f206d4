/*
 * What a job writes, as a plan says it.  Part of the contract with Python:
 * plain declarations only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct DataPlan {
    /* all bytes anew at each write; else a number in each sector */
    bool refill;
    bool zeros;
    /* repeated from the block's beginning; NULL: none */
    const uint8_t *pattern;
    uint32_t pattern_bytes;
    const uint32_t *offset_at; /* where in it the block's offset stands ... */
    uint32_t offset_count;     /* ... in 8 bytes, the lowest first */
    uint32_t compress_percent; /* so much of each chunk is pattern, or zeros */
    uint32_t compress_chunk;   /* bytes */
    uint32_t dedupe_percent;   /* so many of the blocks are one and the same */
} DataPlan;

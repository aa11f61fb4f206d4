#include "workload/write_data.h"

#include <string.h>

#define SECTOR_BYTES 512

void write_data_freshen(RandomStream *stream, uint8_t *buffer, uint32_t bytes)
{
    uint64_t number = random_u64(stream);

    for (uint32_t at = 0; at < bytes; at += SECTOR_BYTES) {
        uint32_t left = bytes - at;

        number += UINT64_C(0x9e3779b97f4a7c15);
        memcpy(buffer + at, &number,
               left < sizeof(number) ? left : sizeof(number));
    }
}

static void fill_random(RandomStream *stream, uint8_t *buffer, uint32_t bytes)
{
    uint32_t at = 0;

    for (; at + sizeof(uint64_t) <= bytes; at += sizeof(uint64_t)) {
        uint64_t number = random_u64(stream);

        memcpy(buffer + at, &number, sizeof(number));
    }
    if (at < bytes) {
        uint64_t number = random_u64(stream);

        memcpy(buffer + at, &number, bytes - at);
    }
}

/* One copy of the pattern, cut at @bytes, with the block's offset in it. */
static void put_pattern(const DataPlan *plan, uint64_t offset, uint8_t *buffer,
                        uint32_t bytes)
{
    memcpy(buffer, plan->pattern,
           bytes < plan->pattern_bytes ? bytes : plan->pattern_bytes);
    for (uint32_t i = 0; i < plan->offset_count; i++) {
        for (uint32_t byte = 0; byte < sizeof(offset); byte++) {
            uint32_t at = plan->offset_at[i] + byte;

            if (at < bytes) {
                buffer[at] = (uint8_t)(offset >> 8 * byte);
            }
        }
    }
}

static void fill_pattern(const DataPlan *plan, uint64_t offset, uint8_t *buffer,
                         uint32_t bytes)
{
    uint32_t done = plan->pattern_bytes;

    put_pattern(plan, offset, buffer, bytes);
    while (done < bytes) { /* double what there is */
        uint32_t left = bytes - done;
        uint32_t part = left < done ? left : done;

        memcpy(buffer + done, buffer, part);
        done += part;
    }
}

/* The part that compresses: a pattern or zeros. */
static void fill_compressible(const DataPlan *plan, uint64_t offset,
                              uint8_t *buffer, uint32_t bytes)
{
    if (bytes == 0) {
        return;
    }
    if (plan->pattern) {
        fill_pattern(plan, offset, buffer, bytes);
    } else {
        memset(buffer, 0, bytes);
    }
}

/* A part of each chunk compresses, the rest does not. */
static void fill_chunks(const DataPlan *plan, RandomStream *stream,
                        uint64_t offset, uint8_t *buffer, uint32_t bytes)
{
    for (uint32_t at = 0; at < bytes; at += plan->compress_chunk) {
        uint32_t left = bytes - at;
        uint32_t chunk = left < plan->compress_chunk ? left
                                                     : plan->compress_chunk;
        uint32_t part =
            (uint32_t)((uint64_t)chunk * plan->compress_percent / 100);

        fill_random(stream, buffer + at, chunk - part);
        fill_compressible(plan, offset, buffer + at + chunk - part, part);
        if (chunk == left) {
            return; /* at + compress_chunk may overflow */
        }
    }
}

void write_data_fill(const DataPlan *plan, uint64_t seed, uint64_t key,
                     uint64_t offset, uint8_t *buffer, uint32_t bytes)
{
    RandomStream stream;

    if (plan->dedupe_percent > 0 &&
        random_mix(key ^ seed) % 100 < plan->dedupe_percent) {
        key = random_mix(seed); /* the same for all blocks that repeat */
    }
    random_stream_init(&stream, key);
    if (plan->compress_percent > 0) {
        fill_chunks(plan, &stream, offset, buffer, bytes);
    } else if (plan->pattern || plan->zeros) {
        fill_compressible(plan, offset, buffer, bytes);
    } else {
        fill_random(&stream, buffer, bytes);
    }
}

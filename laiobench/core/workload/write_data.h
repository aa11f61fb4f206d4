/*
 * The content of writes: random, zeros, a pattern, or data that compresses or
 * repeats to a given degree.  It depends only on a key and an offset, so it can
 * be made again.  Knows nothing of requests, nor of verification.
 */
#pragma once

#include "contract/data_plan.h"
#include "base/random_stream.h"

/* Whether write_data_freshen() makes the content; if not, write_data_fill(). */
static inline bool write_data_is_plain(const DataPlan *plan)
{
    return !plan->refill && !plan->zeros && !plan->pattern;
}

/*
 * Write a new number into each sector of @buffer, which has random bytes
 * already.  So a device finds no two sectors alike; new random bytes would
 * cost much more.
 */
void write_data_freshen(RandomStream *stream, uint8_t *buffer, uint32_t bytes);

/*
 * Make @bytes of content for a block at @offset, of any length.  The same
 * @key, @seed and @offset give the same content; @seed is the job's, for the
 * data that its blocks have in common.
 */
void write_data_fill(const DataPlan *plan, uint64_t seed, uint64_t key,
                     uint64_t offset, uint8_t *buffer, uint32_t bytes);

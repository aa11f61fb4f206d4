/*
 * The content of writes: random, zeros, a pattern, or as compressible and as
 * repetitive as is wanted.  Made from a key and an offset alone, so that the
 * same can be made again.  Knows nothing of requests, nor of verification.
 */
#pragma once

#include "contract/data_plan.h"
#include "base/random_stream.h"

/* As that: the usual content, which costs next to nothing. */
static inline bool write_data_is_plain(const DataPlan *plan)
{
    return !plan->refill && !plan->zeros && !plan->pattern;
}

/*
 * Random bytes don't compress; a new number in each sector keeps a device
 * that looks for duplicates from finding any.
 */
void write_data_freshen(RandomStream *stream, uint8_t *buffer, uint32_t bytes);

/*
 * @bytes of content for a block at @offset, of any length.  The same @key,
 * @seed and @offset give the same; @seed is the job's, for what its blocks
 * have in common.
 */
void write_data_fill(const DataPlan *plan, uint64_t seed, uint64_t key,
                     uint64_t offset, uint8_t *buffer, uint32_t bytes);

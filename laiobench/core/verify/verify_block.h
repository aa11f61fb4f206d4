/*
 * One verified block: what it consists of, made from a few numbers, and what
 * is wrong with one that was read.  Knows nothing of which blocks there are.
 */
#pragma once

#include "verify/verify_hash.h"
#include "contract/verify_plan.h"
#include "workload/write_data.h"

#define VERIFY_HEADER_BYTES 128

/* How blocks are made: the same for all of a job. */
typedef struct BlockMaker {
    const DataPlan *data;
    uint64_t seed;
    uint64_t run;
    uint32_t bytes;
    uint32_t method; /* a number for its name */
    bool has_header; /* else all of it is pattern */
    bool has_digest; /* of what follows the header */
    VerifyHash hash;
} BlockMaker;

/* What one is to be.  Where a generation is not known, any will do. */
typedef struct BlockWanted {
    uint64_t offset;
    uint32_t generation; /* 0: any, of any run and job */
    bool or_newer;
    bool of_any_run;
} BlockWanted;

/* The block of @generation (above 0) at @offset, into @block. */
void verify_block_make(const BlockMaker *maker, uint64_t offset,
                       uint32_t generation, uint8_t *block);

bool verify_block_is_sound(const BlockMaker *maker, const BlockWanted *wanted,
                           const uint8_t *block);

/*
 * Of one that is not sound: what is wrong.  @expected and @scratch have room
 * for a block each; in @expected is then what it should be, if that is known.
 * Fills in all of @failure but where the bytes are kept.
 */
void verify_block_explain(const BlockMaker *maker, const BlockWanted *wanted,
                          const uint8_t *block, uint8_t *expected,
                          uint8_t *scratch, bool *expected_is_known,
                          VerifyFailure *failure);

/*
 * One verified block: makes its content out of a few numbers, and tells what is
 * wrong with one that was read.  Does not know which blocks there are.
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
    bool has_header; /* else it is all pattern */
    bool has_digest; /* the header has a hash of what follows it */
    VerifyHash hash;
} BlockMaker;

/* What a block should be. */
typedef struct BlockWanted {
    uint64_t offset;
    uint32_t generation; /* 0: of any generation, run and job */
    bool or_newer;       /* a later generation is right, too */
    bool of_any_run;     /* any run of this job is right */
} BlockWanted;

/* Make the block of @generation (above 0) at @offset in @block. */
void verify_block_make(const BlockMaker *maker, uint64_t offset,
                       uint32_t generation, uint8_t *block);

/* Whether @block is as @wanted. */
bool verify_block_is_sound(const BlockMaker *maker, const BlockWanted *wanted,
                           const uint8_t *block);

/*
 * Tell what is wrong with a bad block.  @expected and @scratch have room for a
 * block each; @expected gets what the block should be, if that is known.  Fills
 * in @failure, except where the bytes are kept.
 */
void verify_block_explain(const BlockMaker *maker, const BlockWanted *wanted,
                          const uint8_t *block, uint8_t *expected,
                          uint8_t *scratch, bool *expected_is_known,
                          VerifyFailure *failure);

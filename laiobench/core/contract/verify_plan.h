/*
 * Verification, as a plan asks for it and as a report tells of it.  Part of
 * the contract with Python: plain declarations only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define VERIFY_PATTERN_MAX 512 /* bytes */

typedef struct VerifyPlan {
    const char *method; /* a hash's name, meta, pattern or null; NULL: none */
    const char *const *libraries; /* where to look for the hash */
    uint32_t library_count;
    uint64_t run;         /* differs from run to run; in each block's header */
    uint64_t start;       /* of the region, bytes */
    uint64_t cells;       /* of block_bytes each, from there on */
    uint32_t block_bytes; /* each block has its own header */
    uint32_t *written;    /* one for each cell, zero: what was written last */
    /* after so many writes, verify some blocks; 0: all at the end */
    uint32_t backlog;
    uint32_t backlog_batch;
    bool read_back;   /* after the writing, verify what was written */
    bool only;        /* write nothing; verify what the job would write */
    bool check_reads; /* the job only reads: verify each block that it reads */
    bool is_loaded;   /* @written was saved by an earlier run */
    bool is_exact;    /* that run ended well; else blocks may be newer */
    bool fatal;       /* the first bad block ends the job */
} VerifyPlan;

typedef struct VerifyFailure {
    const char *fault; /* zeroed, misplaced, foreign, stale, torn, ... */
    uint64_t offset;
    uint32_t bytes;
    int32_t code;    /* unreadable: errno, or 0 at the target's end */
    bool has_header; /* the found block's header is valid; it says: */
    uint32_t found_generation;
    uint64_t found_offset;
    uint32_t expected_generation;  /* 0: not known */
    uint32_t first_bad, bad_bytes; /* which differ, if @expected is known */
    const uint8_t *found;          /* @bytes bytes; NULL: not kept */
    const uint8_t *expected;       /* NULL: not known */
} VerifyFailure;

typedef struct VerifyReport {
    uint64_t blocks;         /* verified */
    uint64_t failed_blocks;  /* of those */
    uint64_t unknown_blocks; /* not verified: a write failed, or trimmed */
    uint64_t bytes;          /* read for it */
    uint64_t started_ns, ended_ns; /* the pass at the end; 0: none */
    uint64_t unreadable;           /* reads that failed */
    uint32_t failures;             /* kept for run_verify_failure() */
    bool is_over;                  /* nothing is left to verify */
} VerifyReport;

/*
 * The plan of a job's verification, and the report of what it found.
 *
 * cffi reads this file, too, so it has plain declarations only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define VERIFY_PATTERN_MAX 512 /* bytes */

typedef struct VerifyPlan {
    const char *method; /* a hash's name, meta, pattern or null; NULL: none */
    const char *const *libraries; /* to look for the hash in, in this order */
    uint32_t library_count;
    uint64_t run;         /* a number of this run, in each block's header */
    uint64_t start;       /* offset of the region, bytes */
    uint64_t cells;       /* of block_bytes each, from `start` on */
    uint32_t block_bytes; /* each block has a header */
    uint32_t *written;    /* the written map: one word a cell, 0 at first */
    /* writes after which to verify a batch; 0: verify all at the end */
    uint32_t backlog;
    uint32_t backlog_batch; /* writes to verify at a time */
    bool read_back;   /* verify what was written when the writing is done */
    bool only;        /* write nothing; verify what the job would write */
    bool check_reads; /* the job only reads: verify each block that it reads */
    bool is_loaded;   /* `written` was saved by an earlier run */
    bool is_exact;    /* that run ended well; if not, blocks may be newer */
    bool fatal;       /* the first bad block ends the job */
} VerifyPlan;

typedef struct VerifyFailure {
    const char *fault; /* zeroed, misplaced, foreign, stale, torn, ... */
    uint64_t offset;
    uint32_t bytes;
    int32_t code;              /* unreadable: errno, or 0 at the target's end */
    bool has_header;           /* the block that was found has a valid header */
    uint32_t found_generation; /* from that header */
    uint64_t found_offset;     /* from that header */
    uint32_t expected_generation; /* 0: not known */
    /* position and number of bytes that differ from `expected`, if known */
    uint32_t first_bad, bad_bytes;
    const uint8_t *found;    /* `bytes` bytes; NULL: not kept */
    const uint8_t *expected; /* the same; NULL: not known, or not kept */
} VerifyFailure;

typedef struct VerifyReport {
    uint64_t blocks;         /* verified */
    uint64_t failed_blocks;  /* of these: bad ones */
    uint64_t unknown_blocks; /* not verified: their write failed, or a trim */
    uint64_t bytes;          /* read to verify */
    uint64_t started_ns, ended_ns; /* the pass at the end; 0: none */
    uint64_t unreadable;           /* reads that failed */
    uint32_t failures; /* bad blocks kept for run_verify_failure() */
    bool is_over;      /* the pass at the end has read all there is */
} VerifyReport;

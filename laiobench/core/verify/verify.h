/*
 * Verifier: knows what a job's blocks must contain.  It fills them in, holds
 * up a write while another of the same block is in flight, says what to read
 * back, and judges what was read.  written_map knows what was written where,
 * verify_block how a block is made and judged, bad_blocks which were bad.
 * Knows requests, but not who issues them.  Only one thread may use it.
 */
#pragma once

#include "base/error.h"
#include "engines/request.h"
#include "verify/verify_hash.h"
#include "contract/verify_plan.h"
#include "workload/write_data.h"

typedef struct Verifier Verifier;

/*
 * Make a verifier for a job.  @max_bytes: length of its longest request.  @data
 * must outlive it.  0 or -errno, with @error.
 */
int verifier_new(Verifier **verifier, const VerifyPlan *plan,
                 const DataPlan *data, uint64_t seed, uint32_t iodepth,
                 uint32_t max_bytes, Error *error);
void verifier_free(Verifier *verifier);

/* ---- writing ------------------------------------------------------------- */

/* Is no I/O in flight to the blocks of this write or trim? */
bool verifier_may_write(const Verifier *verifier, const Request *request);

/* A write or trim is about to be issued: fill the write's buffer. */
void verifier_begin_write(Verifier *verifier, Request *request);

/* The write or trim is back, and may have failed. */
void verifier_end_write(Verifier *verifier, const Request *request);

/* Count it as written, by an earlier run of the same job. */
void verifier_assume_written(Verifier *verifier, const Request *request);

/* ---- reading back -------------------------------------------------------- */

/* Set @request to the next read of the backlog.  False: none is due. */
bool verifier_next_of_backlog(Verifier *verifier, Request *request);

/* Set @request to the next read of the pass at the end.  False: no more. */
bool verifier_next_of_all(Verifier *verifier, Request *request);

/*
 * Judge a read that is back: one that this verifier has set, or one of a job
 * that only reads.  Returns whether all blocks are as they should be.
 */
bool verifier_check(Verifier *verifier, const Request *request);

/* ---- report -------------------------------------------------------------- */

/* All but the times, which the caller fills in. */
void verifier_report(const Verifier *verifier, VerifyReport *report);

/* Bad block @index of those kept. */
void verifier_failure(const Verifier *verifier, uint32_t index,
                      VerifyFailure *failure);

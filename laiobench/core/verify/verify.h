/*
 * Verifier: what a job's blocks must be.  It writes a header into each, holds up
 * writes that would meet another of the same block, says what is to be read
 * back, and judges what was read.  written_map knows what was written where,
 * verify_block how a block is made and judged, bad_blocks which were bad.
 * Knows requests, but not who issues them; one thread.
 */
#pragma once

#include "base/error.h"
#include "engines/request.h"
#include "verify/verify_hash.h"
#include "contract/verify_plan.h"
#include "workload/write_data.h"

typedef struct Verifier Verifier;

/*
 * @max_bytes: the longest request.  @data must outlive it.  0 or -errno.
 */
int verifier_new(Verifier **verifier, const VerifyPlan *plan,
                 const DataPlan *data, uint64_t seed, uint32_t iodepth,
                 uint32_t max_bytes, Error *error);
void verifier_free(Verifier *verifier);

/* ---- writing -------------------------------------------------------------- */

/* Is nothing in flight that this write or trim would meet? */
bool verifier_may_write(const Verifier *verifier, const Request *request);

/* A write or trim goes out: fill the write's buffer. */
void verifier_begin_write(Verifier *verifier, Request *request);

/* It is back, and may have failed. */
void verifier_end_write(Verifier *verifier, const Request *request);

/* As if it had been written, by an earlier run of the same job. */
void verifier_assume_written(Verifier *verifier, const Request *request);

/* ---- reading back --------------------------------------------------------- */

/* Set the next read of the backlog, if enough has been written. */
bool verifier_next_of_backlog(Verifier *verifier, Request *request);

/* Set the next read of the pass over all that was written; false: no more. */
bool verifier_next_of_all(Verifier *verifier, Request *request);

/*
 * A read of one of these is back, or of what a job only reads: judge it.
 * Returns whether all is well.
 */
bool verifier_check(Verifier *verifier, const Request *request);

/* ---- of all ------------------------------------------------------------------ */

/* The times are the caller's matter. */
void verifier_report(const Verifier *verifier, VerifyReport *report);

void verifier_failure(const Verifier *verifier, uint32_t index,
                      VerifyFailure *failure);

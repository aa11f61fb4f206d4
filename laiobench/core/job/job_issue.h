/*
 * Issuing a job's I/Os: what comes next, whether it may go, and what it takes
 * of the budget.  Knows nothing of how the job came to its phase.
 */
#pragma once

#include "job/job_state.h"

/* The workload's next, in @request, at once; only where nothing is gated. */
void job_issue(Job *job, Request *request);

/* Issue all that may go now, together. */
void job_pump(Job *job);

/* What @request takes of the budget; a trim and the write that follows it are one I/O. */
void job_charge(Job *job, const Request *request);

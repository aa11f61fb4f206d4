/*
 * Issues a job's I/Os: chooses the next one, asks whether it may be issued
 * now, and charges the budget.  Does not know how the job came to its phase.
 */
#pragma once

#include "job/job_state.h"

/* Issue the workload's next I/O in @request; not for one that is_controlled. */
void job_issue(Job *job, Request *request);

/* Issue all I/Os that may be issued now, in one plug. */
void job_pump(Job *job);

/* Charge the budget.  A trim and the write after it are charged as one I/O. */
void job_charge(Job *job, const Request *request);

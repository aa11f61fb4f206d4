/*
 * The phases that a job goes through: delay, ramp, search, measured window,
 * drain, verification, end; and what leads from one to the next.  Between
 * this and the issuing of I/Os in job.c; nobody else's.
 */
#pragma once

#include "job/job_state.h"

/* Its first phase: the delay, where it has one. */
void job_begin_in_time(Job *job);

/* The measured window opens. */
void job_begin_measuring(Job *job);

/* All is back, and nothing more is to be issued but the side I/Os of the end. */
void job_wind_up(Job *job);

void job_finish(Job *job);

/* For the timer at the end of a phase. */
void job_phase_is_over(void *opaque);

/* Issue no more; it finishes when nothing is in flight. */
void job_stop(Job *job, JobEnd why);

/* Issue what may go: from a timer, or after a phase has begun.  They are queued now. */
void job_go_on(void *opaque);

/*
 * Whoever leaves the job to itself: something must be to come.  If there is
 * nothing more to do, it ends; and one that has, and waits for nothing, would
 * do so for ever: that is told, and not sat out.
 */
void job_see_that_it_goes_on(Job *job);

/*
 * The phases that a job goes through: delay, ramp, search, measured window,
 * drain, verification, end; and what leads from one to the next.  Between
 * this and the issuing of I/Os in job.c; nobody else's.
 */
#pragma once

#include "job.h"

/* Its first phase: the delay, where it has one. */
void job_begin_in_time(Job *job);

/* The measured window opens. */
void job_begin_measuring(Job *job);

/* All is back, and nothing more is to be issued but by chores of the end. */
void job_wind_up(Job *job);

void job_finish(Job *job);

/* What @request takes of the budget; a trim and the write that follows it are one I/O. */
void job_charge(Job *job, const Request *request);

/* For the timer at the end of a phase. */
void job_phase_is_over(void *opaque);

/* ---- job.c's own, that phases call ----------------------------------------- */

/* Issue all that may go now, together. */
void job_pump(Job *job);

/* The same from a timer: they are queued now. */
void job_go_on(void *opaque);

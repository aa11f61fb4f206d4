/*
 * The phases of a job: delay, ramp, search, measured window, drain,
 * verification, end; and what ends each.  Knows nothing of how I/Os are
 * issued.
 *
 * Other folders use only job_stop().
 */
#pragma once

#include "job/job_state.h"

/* Enter the first phase: the delay, if the job has one. */
void job_begin_in_time(Job *job);

/* Open the measured window. */
void job_begin_measuring(Job *job);

/*
 * The workload is done, and no request is in flight: issue the last sync, then
 * the reads that verify; if there are none, finish.
 */
void job_wind_up(Job *job);

/* Enter the last phase, and tell the worker.  No request may be in flight. */
void job_finish(Job *job);

/* Callback of the timer at the end of a phase. */
void job_phase_is_over(void *opaque);

/* Issue no more I/Os; the job finishes when no request is in flight. */
void job_stop(Job *job, JobEnd why);

/* Issue what may be issued, from a timer or at the start of a phase. */
void job_resume(void *opaque);

/*
 * To be called after any attempt to issue.  If no request is in flight, the
 * job ends when it has nothing left to do.  If it has I/Os left, but no timer
 * and no other member will wake it, it would wait for ever: it ends as
 * stalled, which is a bug.
 */
void job_check_progress(Job *job);

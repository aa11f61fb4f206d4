/*
 * Job: keeps a target busy.  It owns its requests and their buffers, decides
 * how many I/Os are left to issue, and goes through its phases: ramp, measured
 * window, drain.  It runs on one AioContext at a time; the worker of this
 * context gives it each finished request.  It does not know how completions
 * are noticed.
 *
 * All functions are for the home thread of that context, except job_init() and
 * job_cleanup(), while the job is on no context.
 */
#pragma once

#include "job/job_phases.h"

/* Allocate the requests and their buffers.  0 or -errno, with @error. */
int job_init(Job *job, const JobConfig *config, const Clock *clock,
             Error *error);
void job_cleanup(Job *job);

/* What an engine may know of it before it begins. */
EngineUser job_as_user(const Job *job);

/*
 * Run on @ctx from now on: begin, unless the job was asked to stop, or
 * continue where it was detached.  @engine must be the one on @ctx.  May end
 * the job.
 */
void job_attach(Job *job, AioContext *ctx, Engine *engine,
                const JobEvents *events, void *opaque);

/* Leave the context.  No request is in flight, or the run is being freed. */
void job_detach(Job *job);

/* @request is from the context's done list: record it, and issue the next. */
void job_handle(Job *job, Request *request);

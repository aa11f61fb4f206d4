/*
 * Job: keeps a target busy.  It owns the requests and their buffers, decides
 * how many I/Os are still to be issued, and moves through its phases: ramp,
 * measured window, drain.  It runs on one AioContext at a time; the worker
 * of that hands it each finished request.  It never sees how completions are
 * noticed.
 */
#pragma once

#include "job/job_phases.h"

/* Make the requests and their buffers.  0 or -errno. */
int job_init(Job *job, const JobConfig *config, const Clock *clock,
             Error *error);
void job_cleanup(Job *job);

/*
 * Run on @ctx from now on: begin, unless it was asked to stop already, or go on
 * where it was detached.  @engine must be that context's.
 */
void job_attach(Job *job, AioContext *ctx, Engine *engine,
                const JobEvents *events, void *opaque);

/* Run nowhere; nothing may be in flight, but at the very end of all. */
void job_detach(Job *job);

/* Of the context's done list: record @request and issue the next. */
void job_handle(Job *job, Request *request);

/*
 * The phases that a job goes through, from its delay to its end.
 * See job_phases.h.
 */
#include "job/job_phases.h"

#include "job/job_issue.h"

#include <errno.h>

static void set_phase(Job *job, JobPhase phase)
{
    __atomic_store_n(&job->phase, phase, __ATOMIC_RELEASE);
}

/* Each phase has its own deadline, so the old one goes, whatever ended it. */
static void drop_deadline(Job *job)
{
    timer_disarm(&job->timer);
    job->phase_deadline = 0;
}

/* @deadline in ticks; 0: none. */
static void enter_until(Job *job, JobPhase phase, uint64_t deadline)
{
    drop_deadline(job);
    if (deadline > 0) {
        job->phase_deadline = deadline;
        timer_arm(&job->timer, deadline);
    }
    set_phase(job, phase);
}

/* For @ns from now; 0: until something else ends it. */
static void enter_for(Job *job, JobPhase phase, uint64_t ns)
{
    uint64_t ticks = clock_ns_to_ticks(job->ctx->clock, ns);

    enter_until(job, phase, ns > 0 ? job->ctx->now + ticks : 0);
}

/*
 * How long to measure, in ns; 0: no limit.  After a search: what it has left
 * of the runtime, or one of its windows.
 */
static uint64_t time_to_measure(const Job *job)
{
    const Clock *clock = job->ctx->clock;
    const PacingPlan *plan = &job->config.pacing;
    uint64_t left_ns = job->config.runtime_ns;

    if (job->runtime_end > 0) {
        left_ns =
            job->runtime_end > job->ctx->now
                ? clock_ticks_to_ns(clock, job->runtime_end - job->ctx->now) + 1
                : 1;
    }
    if (plan->target_ns > 0 && !plan->target_goes_on &&
        (left_ns == 0 || left_ns > plan->target_window_ns)) {
        return plan->target_window_ns;
    }
    return left_ns;
}

/* An I/O that was chosen and had to wait will not be issued. */
static void release_held(Job *job)
{
    if (job->side_io.held) {
        job->idle[job->idle_count++] = job->side_io.held;
        job->side_io.held = NULL;
    }
}

/* What is left of @limit. */
static uint64_t remaining(uint64_t limit, uint64_t used)
{
    if (limit == JOB_UNLIMITED) {
        return limit;
    }
    return used < limit ? limit - used : 0;
}

/*
 * Set the budget of the window.  I/Os of the ramp that are in flight complete
 * in the window and count there, so they are charged; but a trim is charged
 * when the write after it is issued.
 */
static void give_budget(Job *job)
{
    uint64_t ios = 0, bytes = 0;

    for (uint32_t i = 0; i < job->config.iodepth; i++) {
        const Request *request = &job->memory.requests[i];

        if (request->state != REQUEST_IDLE &&
            !side_io_is_extra(&job->side_io, i) &&
            !(request->op == REQUEST_TRIM && job->side_io.write_follows)) {
            ios++;
            bytes += request->bytes;
        }
    }
    job->budget = remaining(job->config.ios, ios);
    job->bytes_left =
        remaining(job->config.bytes ? job->config.bytes : JOB_UNLIMITED, bytes);
    if (job->bytes_left == 0) {
        job->budget = 0;
    }
    if (job->budget == 0) {
        release_held(job); /* or it would be issued without a budget */
    }
}

void job_begin_measuring(Job *job)
{
    recorder_reset(&job->recorder);
    job->window_start = aio_context_read_clock(job->ctx);
    give_budget(job);
    enter_for(job, JOB_MEASURING, time_to_measure(job));
    admission_open_window(&job->admission);
    job->events->measuring(job->events_opaque, job);
}

static void begin_search(Job *job)
{
    job->budget = JOB_UNLIMITED;
    enter_for(job, JOB_SEARCHING, job->config.runtime_ns);
    job->runtime_end = job->phase_deadline;
    admission_begin_search(&job->admission);
}

static void end_ramp(Job *job)
{
    if (job->config.pacing.target_ns > 0) {
        begin_search(job);
    } else {
        job_begin_measuring(job);
    }
}

static void begin_verifying(Job *job)
{
    job->window_end = job->verify_start = job->ctx->now;
    job->events->measured(job->events_opaque, job);
    enter_until(job, JOB_VERIFYING, 0);
    admission_close_window(&job->admission);
}

/* Write nothing: verify what the job would write, or an earlier run wrote. */
static void begin_with_verifying(Job *job)
{
    bool is_loaded = job->config.side_io.verify.is_loaded;
    Request request = {0};

    job->budget = is_loaded ? 0 : job->config.ios;
    job->bytes_left = job->config.bytes ? job->config.bytes : JOB_UNLIMITED;
    while (job->budget > 0) {
        if (side_io_wants_next(&job->side_io, &request)) {
            workload_next_any(&job->workload, &request);
            side_io_apply_trim(&job->side_io, &request);
        }
        if (request.op != REQUEST_READ) {
            verifier_assume_written(job->side_io.verifier, &request);
        }
        job_charge(job, &request);
    }
    side_io_verify_at_end(&job->side_io);
    job->window_start = job->ctx->now;
    begin_verifying(job);
}

static void begin(Job *job)
{
    aio_context_read_clock(job->ctx);
    if (job->config.side_io.verify.only) {
        begin_with_verifying(job);
    } else if (job->config.ramp_ns > 0) {
        job->budget = JOB_UNLIMITED;
        enter_for(job, JOB_RAMP, job->config.ramp_ns);
    } else {
        end_ramp(job);
    }
    /* last, so that the schedule begins at the time of the phase */
    admission_begin(&job->admission);
}

void job_begin_in_time(Job *job)
{
    if (job->begin_at > aio_context_read_clock(job->ctx)) {
        enter_until(job, JOB_DELAYED, job->begin_at);
    } else {
        begin(job);
    }
}

void job_finish(Job *job)
{
    if (job->phase == JOB_VERIFYING) {
        job->verify_end = job->ctx->now;
    } else {
        job->window_end = job->ctx->now;
    }
    if (!job_is_measuring(job) && job->phase != JOB_VERIFYING) {
        /* no window has opened: it is empty */
        job->window_start = job->window_end;
        recorder_reset(&job->recorder);
    }
    if (job->end == JOB_NOT_ENDED) {
        job->end = JOB_END_COMPLETE;
    }
    enter_until(job, JOB_FINISHED, 0);
    job->events->finished(job->events_opaque, job);
}

void job_wind_up(Job *job)
{
    if (!job_was_cut_short(job) && job_is_measuring(job)) {
        if (side_io_sync_at_end(&job->side_io)) {
            drop_deadline(job);
            admission_close_window(&job->admission);
            job_pump(job);
            return;
        }
        if (side_io_verify_at_end(&job->side_io)) {
            begin_verifying(job);
            job_pump(job);
        }
    }
    if (job->in_flight == 0) {
        job_finish(job);
    }
}

void job_phase_is_over(void *opaque)
{
    Job *job = opaque;

    switch (job->phase) {
    case JOB_DELAYED:
        begin(job);
        job_resume(job);
        break;
    case JOB_RAMP:
        end_ramp(job);
        job_resume(job);
        break;
    default:
        job_stop(job, JOB_END_COMPLETE);
    }
}

void job_stop(Job *job, JobEnd why)
{
    if (job->phase == JOB_DRAINING && why != JOB_END_COMPLETE) {
        job->end = why; /* then there is no last sync, and no verification */
    }
    if (job->phase == JOB_FINISHED || job->phase == JOB_DRAINING) {
        return;
    }
    release_held(job);
    drop_deadline(job); /* or the end of a ramp would open a window */
    admission_close_window(&job->admission);
    if (job->budget > 0) {
        admission_end(&job->admission);
    }
    job->budget = 0;
    job->is_moving = false;
    job->end = why;
    job->target.engine->ops->cancel_pending(job->target.engine, &job->target);
    if (job->in_flight == 0) {
        job_wind_up(job);
    } else if (job->phase == JOB_MEASURING) {
        set_phase(job, JOB_DRAINING);
    }
}

static inline bool timer_is_set(const Timer *timer)
{
    return timer->state != TIMER_IDLE;
}

/* Will a timer or its throttle group call the job?  No request is in flight. */
static bool will_be_woken(const Job *job)
{
    bool ends_soon = job->phase == JOB_DELAYED || job_window_is_over(job);

    return (ends_soon && timer_is_set(&job->timer)) ||
           admission_waits(&job->admission) ||
           (job->throttle.group && job->throttle.is_waiting);
}

/* The end of a phase is no reason to wait if there are I/Os to issue. */
void job_check_progress(Job *job)
{
    if (job->in_flight > 0 || job->phase == JOB_IDLE ||
        job->phase == JOB_FINISHED || job->is_moving) {
        return;
    }
    if (job->budget == 0 && job->phase != JOB_DELAYED) {
        job_wind_up(job);
    } else if (!will_be_woken(job)) {
        job_stop(job, JOB_END_STALLED);
    }
}

void job_resume(void *opaque)
{
    Job *job = opaque;

    aio_context_read_clock(job->ctx); /* they are queued now */
    job_pump(job);
    job_check_progress(job);
}

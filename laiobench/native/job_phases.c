/*
 * The phases that a job goes through, from its delay to its end.
 * See job_phases.h.
 */
#include "job_phases.h"

#include <errno.h>

static void set_phase(Job *job, JobPhase phase)
{
    __atomic_store_n(&job->phase, phase, __ATOMIC_RELEASE);
}

static void arm_phase_timer(Job *job, uint64_t ns)
{
    job->phase_deadline =
        job->ctx->now + clock_ns_to_ticks(job->ctx->clock, ns);
    timer_arm(&job->timer, job->phase_deadline);
}

/*
 * In the runtime that a search has left, or at the depth that it found for one
 * of its windows more.
 */
static uint64_t time_to_measure(const Job *job)
{
    const Clock *clock = job->ctx->clock;
    const PacingPlan *plan = &job->config.pacing;
    uint64_t left_ns = job->config.runtime_ns;

    if (job->runtime_end > 0) {
        left_ns = job->runtime_end > job->ctx->now
                      ? clock_ticks_to_ns(clock,
                                          job->runtime_end - job->ctx->now) + 1
                      : 1;
    }
    if (plan->target_ns > 0 && !plan->target_goes_on &&
        (left_ns == 0 || left_ns > plan->target_window_ns)) {
        return plan->target_window_ns;
    }
    return left_ns;
}

/* Those of the ramp complete in the window, and count there. */
static uint64_t bytes_to_measure(const Job *job)
{
    uint64_t bytes = job->config.bytes;

    if (bytes == 0) {
        return JOB_UNLIMITED;
    }
    for (uint32_t i = 0; i < job->config.iodepth; i++) {
        const Request *request = &job->memory.requests[i];

        if (request->state != REQUEST_IDLE) {
            bytes -= request->bytes < bytes ? request->bytes : bytes;
        }
    }
    return bytes;
}

void job_begin_measuring(Job *job)
{
    uint64_t runtime_ns;

    recorder_reset(&job->recorder);
    job->window_start = aio_context_read_clock(job->ctx);
    job->budget = job->config.ios;
    if (job->budget != JOB_UNLIMITED) {
        /* Those of the ramp complete in the window, and count there. */
        uint64_t ios = job->in_flight - job->chores.extras_in_flight;

        job->budget -= ios < job->budget ? ios : job->budget;
    }
    job->bytes_left = bytes_to_measure(job);
    if (job->bytes_left == 0) {
        job->budget = 0;
    }
    set_phase(job, JOB_MEASURING);
    runtime_ns = time_to_measure(job);
    if (runtime_ns > 0) {
        arm_phase_timer(job, runtime_ns);
    }
    gates_open_window(&job->gates);
    job->events->measuring(job->events_opaque, job);
}

static void begin_search(Job *job)
{
    uint64_t runtime_ns = job->config.runtime_ns;

    timer_disarm(&job->timer);
    job->phase_deadline = 0;
    job->budget = JOB_UNLIMITED;
    set_phase(job, JOB_SEARCHING);
    if (runtime_ns > 0) {
        arm_phase_timer(job, runtime_ns);
        job->runtime_end = job->phase_deadline;
    }
    gates_begin_search(&job->gates);
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
    timer_disarm(&job->timer);
    job->phase_deadline = 0;
    job->window_end = job->verify_start = job->ctx->now;
    job->events->measured(job->events_opaque, job);
    set_phase(job, JOB_VERIFYING);
}

/* Where bytes are limited, the budget ends with them. */
static void count_bytes(Job *job, uint32_t bytes)
{
    if (job->bytes_left != JOB_UNLIMITED) {
        job->bytes_left -= bytes < job->bytes_left ? bytes : job->bytes_left;
        job->budget = job->bytes_left > 0 ? job->budget : 0;
    }
}

void job_charge(Job *job, const Request *request)
{
    if (!job->chores.write_follows) {
        job->budget--;
        count_bytes(job, request->bytes);
    }
}

/* Nothing is written: what would have been, or was by an earlier run, is read. */
static void begin_with_verifying(Job *job)
{
    bool is_loaded = job->config.chores.verify.is_loaded;
    Request request = {0};

    job->budget = is_loaded ? 0 : job->config.ios;
    job->bytes_left = job->config.bytes ? job->config.bytes : JOB_UNLIMITED;
    while (job->budget > 0) {
        if (chores_want_next(&job->chores, &request)) {
            workload_next_any(&job->workload, &request);
            chores_choose(&job->chores, &request);
        }
        if (request.op != REQUEST_READ) {
            verifier_assume_written(job->chores.verifier, &request);
        }
        job_charge(job, &request);
    }
    chores_verify_at_end(&job->chores);
    job->window_start = job->ctx->now;
    begin_verifying(job);
}

static void begin(Job *job)
{
    aio_context_read_clock(job->ctx);
    if (job->config.chores.verify.only) {
        begin_with_verifying(job);
    } else if (job->config.ramp_ns > 0) {
        job->budget = JOB_UNLIMITED;
        set_phase(job, JOB_RAMP);
        arm_phase_timer(job, job->config.ramp_ns);
    } else {
        end_ramp(job);
    }
    gates_begin(&job->gates); /* at the very time at which the phase begins */
}

void job_begin_in_time(Job *job)
{
    if (job->begin_at > aio_context_read_clock(job->ctx)) {
        set_phase(job, JOB_DELAYED);
        job->phase_deadline = job->begin_at;
        timer_arm(&job->timer, job->phase_deadline);
    } else {
        begin(job);
    }
}

void job_finish(Job *job)
{
    timer_disarm(&job->timer);
    if (job->phase == JOB_VERIFYING) {
        job->verify_end = job->ctx->now;
    } else {
        job->window_end = job->ctx->now;
    }
    if (!job_is_measuring(job) && job->phase != JOB_VERIFYING) {
        /* It never came to that. */
        job->window_start = job->window_end;
        recorder_reset(&job->recorder);
    }
    set_phase(job, JOB_FINISHED);
    job->events->finished(job->events_opaque, job);
}

/* All is back, and nothing more is to be issued but by chores of the end. */
void job_wind_up(Job *job)
{
    if (job->end == JOB_END_COMPLETE && job_is_measuring(job)) {
        if (chores_sync_at_end(&job->chores)) {
            timer_disarm(&job->timer);
            job->phase_deadline = 0;
            job_pump(job);
            return;
        }
        if (chores_verify_at_end(&job->chores)) {
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
        job->phase_deadline = 0;
        begin(job);
        job_go_on(job);
        break;
    case JOB_RAMP:
        end_ramp(job);
        break;
    default:
        job_stop(job, JOB_END_COMPLETE);
    }
}

/* What was chosen and had to wait does not go any more. */
static void release_held(Job *job)
{
    if (job->chores.held) {
        job->idle[job->idle_count++] = job->chores.held;
        job->chores.held = NULL;
    }
}

void job_stop(Job *job, JobEnd why)
{
    if (job->phase == JOB_DRAINING && why != JOB_END_COMPLETE) {
        job->end = why; /* nor is there anything to be done at the end */
    }
    if (job->phase == JOB_FINISHED || job->phase == JOB_DRAINING) {
        return;
    }
    release_held(job);
    timer_disarm(&job->timer); /* or the end of a ramp would begin anew */
    job->phase_deadline = 0;
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

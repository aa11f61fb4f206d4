#define _GNU_SOURCE
#include "job/job.h"

#include <errno.h>
#include <string.h>

#include "base/compiler.h"
#include "job/job_issue.h"

/* A device that only fails does so at full speed; no need to see it all. */
#define FAILURES_TO_GIVE_UP 1000

static bool job_writes(const JobConfig *config)
{
    return config->workload.read_percent < 100;
}

/* ---- life -------------------------------------------------------------- */

static int allocate(Job *job, const bool uses[DIRECTION_COUNT], Error *error)
{
    JobMemoryPlan plan = {
        .iodepth = job->config.iodepth,
        .buffer_bytes = job->config.workload.block_bytes,
        .buffer_align = job->config.memory_align,
        .record_bytes = recorder_bytes(uses),
    };

    job->idle = calloc(job->config.iodepth, sizeof(*job->idle));
    if (!job->idle) {
        return error_set(error, "malloc", ENOMEM, 0);
    }
    return job_memory_init(&job->memory, &plan, error);
}

/* A sync has no buffer, and knows no flags: the slot's next gets them back. */
static void prepare_request(Job *job, uint32_t index)
{
    Request *request = &job->memory.requests[index];

    request->buffer = job_memory_buffer(&job->memory, index);
    request->flags = job->config.pacing.nowait ? REQUEST_NOWAIT : 0;
}

static void prepare_requests(Job *job)
{
    for (uint32_t i = 0; i < job->config.iodepth; i++) {
        Request *request = &job->memory.requests[i];

        request->target = &job->target;
        prepare_request(job, i);
        job->idle[job->idle_count++] = request;
    }
    if (job_writes(&job->config)) {
        random_fill(&job->data, job->memory.buffers,
                    job->memory.buffer_stride * job->config.iodepth);
    }
}

int job_init(Job *job, const JobConfig *config, const Clock *clock,
             Error *error)
{
    bool uses[DIRECTION_COUNT] = {
        [DIRECTION_READ] = config->workload.read_percent > 0,
        [DIRECTION_WRITE] = job_writes(config) &&
                            config->side_io.trim != TRIM_ONLY,
        [DIRECTION_TRIM] = job_writes(config) &&
                           config->side_io.trim != TRIM_NONE,
        [DIRECTION_SYNC] = side_io_syncs(&config->side_io),
    };
    uint64_t gaps_seed = random_mix(~config->seed); /* not those of the data */
    int ret;

    *job = (Job){
        .config = *config,
        .is_gated = config->move_every > 0 || config->throttle ||
                    admission_is_needed(&config->pacing) ||
                    side_io_is_needed(&config->side_io) ||
                    config->workload.shape,
        .bytes_left = JOB_UNLIMITED,
        .ios_until_move = config->move_every,
    };
    target_init(&job->target, config->fd, &config->limits, job);
    random_stream_init(&job->data, random_mix(config->seed));
    ret = workload_init(&job->workload, &config->workload);
    if (ret < 0) {
        return error_set(error, "random map", -ret,
                         config->workload.shape
                             ? mixed_workload_map_bytes(config->workload.shape)
                             : 0);
    }
    job->config.workload.shape = NULL; /* copied; the plan's own may go */
    ret = allocate(job, uses, error);
    if (ret == 0) {
        ret = admission_init(&job->admission, &config->pacing, config->iodepth,
                             uses, config->is_mix, config->workload.block_bytes,
                             gaps_seed, &job->recorder, clock, error);
    }
    if (ret == 0) {
        ret = side_io_init(&job->side_io, &config->side_io, &job->config.data,
                           config->seed, config->iodepth,
                           config->workload.block_bytes, error);
    }
    if (ret < 0) {
        job_cleanup(job);
        return ret;
    }
    recorder_init(&job->recorder, clock, uses, job->memory.records);
    job->recorder.spike.share = config->spike;
    job->takes_detour = job->is_gated || config->spike > 0;
    prepare_requests(job);
    return 0;
}

void job_cleanup(Job *job)
{
    job_memory_cleanup(&job->memory);
    workload_cleanup(&job->workload);
    free(job->idle);
    admission_cleanup(&job->admission);
    side_io_cleanup(&job->side_io);
}

/* ---- on a context ------------------------------------------------------ */

static int join_throttle_group(Job *job)
{
    int ret = 0;

    if (job->config.throttle) {
        ret = throttle_attach(&job->throttle, job->config.throttle, job->ctx,
                              job_go_on, job);
    }
    return ret < 0 ? error_set(&job->ctx->failure, "malloc", -ret, 0) : 0;
}

static void cross_bound(void *opaque)
{
    job_stop(opaque, JOB_END_BOUND);
}

static const AdmissionEvents admission_events = {
    .go_on = job_go_on,
    .give_up = cross_bound,
};

void job_attach(Job *job, AioContext *ctx, Engine *engine,
                const JobEvents *events, void *opaque)
{
    job->ctx = ctx;
    job->events = events;
    job->events_opaque = opaque;
    job->is_moving = false;
    job->ios_until_move = job->config.move_every;
    target_attach(&job->target, ctx, engine);
    timer_init(&job->timer, ctx, job_phase_is_over, job);
    admission_attach(&job->admission, ctx, &admission_events, job);
    if (job->phase == JOB_IDLE && !job_is_asked_to_stop(job)) {
        job_begin_in_time(job);
    } else if (job->phase_deadline) {
        timer_arm(&job->timer, job->phase_deadline);
    }
    if (join_throttle_group(job) == 0) {
        job_go_on(job);
    }
}

void job_detach(Job *job)
{
    if (job->throttle.group) {
        throttle_detach(&job->throttle);
    }
    timer_disarm(&job->timer);
    admission_detach(&job->admission);
    target_detach(&job->target);
    job->ctx = NULL;
}

/* ---- one completion ---------------------------------------------------- */

static __attribute__((noinline)) void count_failure(Job *job, Request *request)
{
    if (request->result == -ECANCELED && job->budget == 0) {
        job->accounts.cancelled++; /* by job_stop(), not by a device */
        return;
    }
    job->accounts.failed++;
    job->failures_in_a_row++;
    recorder_add_failure(&job->recorder, request);
    if (job->failures_in_a_row >= FAILURES_TO_GIVE_UP &&
        !job->config.continue_on_error) {
        job_stop(job, JOB_END_ERRORS);
    }
}

/* @spiked: known where it is inlined, so that who has no spike pays nothing. */
static ALWAYS_INLINE void record(Job *job, Request *request, bool spiked)
{
    if (__builtin_expect(request_succeeded(request), 1)) {
        job->accounts.completed++;
        job->failures_in_a_row = 0;
        if (spiked) {
            recorder_add_spiked(&job->recorder, request);
        } else {
            recorder_add_success(&job->recorder, request);
        }
        job->ctx->counters.other.completed_in_submit += request->reaped ==
                                                        request->submitted;
    } else {
        count_failure(job, request);
    }
}

/* A read of the verification: judged, and not measured. */
static void count_check(Job *job, const Request *request)
{
    if (request_succeeded(request)) {
        job->accounts.completed++;
    } else if (request->result == -ECANCELED && job->budget == 0) {
        job->accounts.cancelled++;
    } else {
        job->accounts.failed++;
    }
}

/* An I/O may have ended the job, or its search. */
static void apply_verdict(Job *job, AdmissionVerdict verdict)
{
    if (verdict == ADMISSION_END_JOB) {
        job_stop(job, JOB_END_BOUND);
    } else if (verdict == ADMISSION_SEARCH_IS_OVER && job->budget > 0) {
        job_begin_measuring(job);
    }
}

/* Of a request that is back: what was it, and what does it mean? */
static void complete_request(Job *job, Request *request, uint32_t index)
{
    bool is_extra = side_io_is_extra(&job->side_io, index);

    if (is_extra && request->op == REQUEST_READ) {
        count_check(job, request);
    } else {
        record(job, request, job->config.spike > 0);
    }
    if (!side_io_complete(&job->side_io, index, request)) {
        job_stop(job, JOB_END_BAD_DATA);
    }
    if (!is_extra && job->phase != JOB_FINISHED) {
        apply_verdict(job, admission_complete(&job->admission, index, request));
    }
}

/* The slow way on: the slot waits until all that is asked admits it. */
static __attribute__((noinline)) void handle_gated(Job *job, Request *request)
{
    uint32_t index = job_index_of(job, request);

    complete_request(job, request, index);
    prepare_request(job, index);
    job->idle[job->idle_count++] = request;
    if (job->phase == JOB_FINISHED) { /* it gave up, and is on no context */
        return;
    }
    if (job->ios_until_move > 0 && --job->ios_until_move == 0) {
        job->is_moving = job->budget > 0;
    }
    job_pump(job);
    if (job->in_flight > 0) {
        return;
    }
    if (job->is_moving) {
        job->events->may_move(job->events_opaque, job);
    } else {
        job_see_that_it_goes_on(job);
    }
}

/* The straight way: the slot is refilled at once. */
static ALWAYS_INLINE void refill(Job *job, Request *request)
{
    if (__builtin_expect(job->budget > 0, 1)) {
        job_issue(job, request);
    } else if (job->in_flight == 0 && job->phase != JOB_FINISHED) {
        job_finish(job);
    }
}

static __attribute__((noinline)) void handle_on_detour(Job *job,
                                                       Request *request)
{
    if (job->is_gated) {
        handle_gated(job, request);
    } else {
        record(job, request, true);
        refill(job, request);
    }
}

void job_handle(Job *job, Request *request)
{
    request_set_state(request, REQUEST_IDLE);
    job->in_flight--;
    if (__builtin_expect(job->takes_detour, 0)) {
        handle_on_detour(job, request);
        return;
    }
    record(job, request, false);
    refill(job, request);
}

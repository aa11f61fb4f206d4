#define _GNU_SOURCE
#include "job/job.h"

#include <errno.h>
#include <string.h>

#include "base/compiler.h"
#include "job/job_issue.h"

/* In a row; a device that only fails would do so at full speed to the end. */
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

/* Also after a sync, which has neither buffer nor flags. */
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
    uint64_t gaps_seed = random_mix(~config->seed); /* not the data's */
    int ret;

    *job = (Job){
        .config = *config,
        .is_controlled = config->move_every > 0 || config->throttle ||
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
    job->config.workload.shape = NULL; /* copied; the caller may free it */
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
    job->uses_slow_path = job->is_controlled || config->spike > 0;
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

EngineUser job_as_user(const Job *job)
{
    const JobMemory *memory = &job->memory;

    return (EngineUser){
        .fd = job->target.fd,
        .buffers = memory->buffers,
        .buffer_bytes = memory->buffer_stride * job->config.iodepth,
        .buffer_stride = memory->buffer_stride,
    };
}

/* ---- on a context ------------------------------------------------------ */

static int join_throttle_group(Job *job)
{
    int ret = 0;

    if (job->config.throttle) {
        ret = throttle_attach(&job->throttle, job->config.throttle, job->ctx,
                              job_resume, job);
    }
    return ret < 0 ? error_set(&job->ctx->failure, "malloc", -ret, 0) : 0;
}

static void cross_bound(void *opaque)
{
    job_stop(opaque, JOB_END_BOUND);
}

static const AdmissionEvents admission_events = {
    .resume = job_resume,
    .bound_crossed = cross_bound,
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
        job_resume(job);
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
        job->accounts.cancelled++; /* by job_stop() */
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

/* @spiked is a constant where this is inlined, so it costs nothing. */
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

/* A read that verifies is counted, but not recorded. */
static void count_verify_read(Job *job, const Request *request)
{
    if (request_succeeded(request)) {
        job->accounts.completed++;
    } else if (request->result == -ECANCELED && job->budget == 0) {
        job->accounts.cancelled++;
    } else {
        job->accounts.failed++;
    }
}

static void apply_verdict(Job *job, AdmissionVerdict verdict)
{
    if (verdict == ADMISSION_END_JOB) {
        job_stop(job, JOB_END_BOUND);
    } else if (verdict == ADMISSION_SEARCH_IS_OVER && job->budget > 0) {
        job_begin_measuring(job);
    }
}

/* Record a request, verify it, and ask admission whether it ends the job. */
static void complete_request(Job *job, Request *request, uint32_t index)
{
    bool is_extra = side_io_is_extra(&job->side_io, index);

    if (is_extra && request->op == REQUEST_READ) {
        count_verify_read(job, request);
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

/* The slow path: the slot is idle until job_pump() may issue an I/O in it. */
static __attribute__((noinline)) void handle_controlled(Job *job,
                                                        Request *request)
{
    uint32_t index = job_index_of(job, request);

    complete_request(job, request, index);
    prepare_request(job, index);
    job->idle[job->idle_count++] = request;
    if (job->phase == JOB_FINISHED) { /* it has left the context */
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
        job_check_progress(job);
    }
}

/* The fast path: issue the next I/O in the same slot at once. */
static ALWAYS_INLINE void refill(Job *job, Request *request)
{
    if (__builtin_expect(job->budget > 0, 1)) {
        job_issue(job, request);
    } else if (job->in_flight == 0 && job->phase != JOB_FINISHED) {
        job_finish(job);
    }
}

static __attribute__((noinline)) void handle_on_slow_path(Job *job,
                                                          Request *request)
{
    if (job->is_controlled) {
        handle_controlled(job, request);
    } else {
        record(job, request, true);
        refill(job, request);
    }
}

void job_handle(Job *job, Request *request)
{
    request_set_state(request, REQUEST_IDLE);
    job->in_flight--;
    if (__builtin_expect(job->uses_slow_path, 0)) {
        handle_on_slow_path(job, request);
        return;
    }
    record(job, request, false);
    refill(job, request);
}

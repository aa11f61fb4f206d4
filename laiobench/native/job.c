#define _GNU_SOURCE
#include "job.h"

#include <errno.h>
#include <string.h>

/* A device that only fails does so at full speed; no need to see it all. */
#define FAILURES_TO_GIVE_UP 1000

/* ---- data --------------------------------------------------------------- */

static bool job_writes(const JobConfig *config)
{
    return config->workload.read_percent < 100;
}

static void fill(Job *job, Request *request)
{
    const DataPlan *plan = &job->config.data;

    if (write_data_is_plain(plan)) {
        write_data_freshen(&job->data, request->buffer, request->bytes);
    } else {
        write_data_fill(plan, job->config.seed, random_u64(&job->data),
                        request->offset, request->buffer, request->bytes);
    }
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
    request->iocb.aio_rw_flags = job->config.pacing.nowait ? RWF_NOWAIT : 0;
}

static void prepare_requests(Job *job)
{
    for (uint32_t i = 0; i < job->config.iodepth; i++) {
        Request *request = &job->memory.requests[i];

        request->target = &job->target;
        request->iocb.aio_fildes = (uint32_t)job->config.fd;
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
        [DIRECTION_WRITE] =
            job_writes(config) && config->chores.trim != TRIM_ONLY,
        [DIRECTION_TRIM] =
            job_writes(config) && config->chores.trim != TRIM_NONE,
        [DIRECTION_SYNC] = chores_sync(&config->chores),
    };
    uint64_t gaps_seed = random_mix(~config->seed); /* not those of the data */
    int ret;

    *job = (Job){
        .config = *config,
        .is_gated = config->move_every > 0 || config->throttle ||
                    gates_are_needed(&config->pacing) ||
                    chores_are_needed(&config->chores) ||
                    config->workload.shape,
        .bytes_left = JOB_UNLIMITED,
        .ios_until_move = config->move_every,
    };
    target_init(&job->target, config->fd, &config->limits, job);
    random_stream_init(&job->data, random_mix(config->seed));
    ret = workload_init(&job->workload, &config->workload);
    if (ret < 0) {
        return error_set(error, "mmap", -ret, 0);
    }
    job->config.workload.shape = NULL; /* copied; the plan's own may go */
    ret = allocate(job, uses, error);
    if (ret == 0) {
        ret = gates_init(&job->gates, &config->pacing, config->iodepth, uses,
                         config->is_mix, gaps_seed, &job->recorder, clock,
                         error);
    }
    if (ret == 0) {
        ret = chores_init(&job->chores, &config->chores, &job->config.data,
                          config->seed, config->iodepth,
                          config->workload.block_bytes, error);
    }
    if (ret < 0) {
        job_cleanup(job);
        return ret;
    }
    recorder_init(&job->recorder, clock, uses, job->memory.records);
    prepare_requests(job);
    return 0;
}

void job_cleanup(Job *job)
{
    job_memory_cleanup(&job->memory);
    workload_cleanup(&job->workload);
    free(job->idle);
    gates_cleanup(&job->gates);
    chores_cleanup(&job->chores);
}

/* ---- phases ------------------------------------------------------------ */

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

static void begin_measuring(Job *job)
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
        begin_measuring(job);
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

/* A trim and the write that follows it are one I/O of the budget. */
static void charge(Job *job, const Request *request)
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
        charge(job, &request);
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

static void begin_in_time(Job *job)
{
    if (job->begin_at > aio_context_read_clock(job->ctx)) {
        set_phase(job, JOB_DELAYED);
        job->phase_deadline = job->begin_at;
        timer_arm(&job->timer, job->phase_deadline);
    } else {
        begin(job);
    }
}

static void finish(Job *job)
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

static void go_on(void *opaque);
static void pump(Job *job);

/* All is back, and nothing more is to be issued but by chores of the end. */
static void wind_up(Job *job)
{
    if (job->end == JOB_END_COMPLETE && job_is_measuring(job)) {
        if (chores_sync_at_end(&job->chores)) {
            timer_disarm(&job->timer);
            job->phase_deadline = 0;
            pump(job);
            return;
        }
        if (chores_verify_at_end(&job->chores)) {
            begin_verifying(job);
            pump(job);
        }
    }
    if (job->in_flight == 0) {
        finish(job);
    }
}

static void phase_is_over(void *opaque)
{
    Job *job = opaque;

    switch (job->phase) {
    case JOB_DELAYED:
        job->phase_deadline = 0;
        begin(job);
        go_on(job);
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
        wind_up(job);
    } else if (job->phase == JOB_MEASURING) {
        set_phase(job, JOB_DRAINING);
    }
}

/* ---- issuing ----------------------------------------------------------- */

static inline void submit(Job *job, Request *request)
{
    job->in_flight++;
    job->accounts.submitted++;
    target_submit(&job->target, request);
}

static inline void issue(Job *job, Request *request)
{
    job->budget--;
    workload_next(&job->workload, request);
    if (request->op == REQUEST_WRITE) {
        fill(job, request);
    }
    submit(job, request);
}

static uint32_t index_of(const Job *job, const Request *request)
{
    return (uint32_t)(request - job->memory.requests);
}

static void choose(Job *job, Request *request)
{
    static const RequestOp ops[] = {[DIRECTION_READ] = REQUEST_READ,
                                    [DIRECTION_WRITE] = REQUEST_WRITE};
    uint32_t picked;

    if (!chores_want_next(&job->chores, request)) {
        return;
    }
    picked = gates_pick(&job->gates);
    if (picked < sizeof(ops) / sizeof(ops[0])) {
        workload_next_any_of(&job->workload, request, ops[picked]);
    } else {
        workload_next_any(&job->workload, request);
    }
    chores_choose(&job->chores, request);
}

/* The runtime is over, though its timer has not been served yet. */
static bool window_is_over(const Job *job)
{
    return job->phase == JOB_MEASURING && job->phase_deadline > 0 &&
           job->ctx->now >= job->phase_deadline;
}

/* If so, a throttle group has been charged. */
static bool may_issue(Job *job)
{
    return job->budget > 0 && !job->is_moving && !window_is_over(job) &&
           gates_admit(&job->gates, job->in_flight) &&
           (!job->throttle.group ||
            throttle_admit(&job->throttle, workload_next_bytes(&job->workload)));
}

/*
 * The workload's next goes out, unless it must wait for those in flight: then
 * it is held.  Returns whether something went.
 */
static bool issue_gated(Job *job)
{
    Chores *chores = &job->chores;
    Request *request = chores->held;

    if (!request) {
        if (job->idle_count == 0 || !may_issue(job)) {
            return false;
        }
        request = chores->held = job->idle[--job->idle_count];
        choose(job, request);
    }
    if (!chores_may_go(chores, request, job->in_flight)) {
        return false;
    }
    chores->held = NULL;
    charge(job, request);
    if (!chores_begin(chores, request) && request->op == REQUEST_WRITE) {
        fill(job, request);
    }
    gates_issue(&job->gates, index_of(job, request), request, job->in_flight);
    submit(job, request);
    return true;
}

/* The same, of the workload or of chores, which go before. */
static bool issue_next(Job *job)
{
    Request *slot = job->idle_count > 0 ? job->idle[job->idle_count - 1] : NULL;

    if (job->end != JOB_END_COMPLETE) { /* it was stopped */
        return false;
    }
    switch (chores_next(&job->chores, slot, slot ? index_of(job, slot) : 0,
                        job->in_flight, job->budget > 0)) {
    case CHORES_WAIT:
        return false;
    case CHORES_ISSUE: /* not of the budget */
        job->idle_count--;
        submit(job, slot);
        return true;
    default:
        return issue_gated(job);
    }
}

/* Issue all that may go now, together. */
static void pump(Job *job)
{
    Engine *engine = job->target.engine;

    engine->ops->plug(engine);
    while (issue_next(job)) {
    }
    engine->ops->unplug(engine);
}

static void go_on(void *opaque)
{
    Job *job = opaque;

    aio_context_read_clock(job->ctx); /* they are queued now */
    pump(job);
}

static int join_throttle_group(Job *job)
{
    int ret = 0;

    if (job->config.throttle) {
        ret = throttle_attach(&job->throttle, job->config.throttle, job->ctx,
                              go_on, job);
    }
    return ret < 0 ? error_set(&job->ctx->failure, "malloc", -ret, 0) : 0;
}

static void cross_bound(void *opaque)
{
    job_stop(opaque, JOB_END_BOUND);
}

static const GateEvents gate_events = {
    .go_on = go_on,
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
    timer_init(&job->timer, ctx, phase_is_over, job);
    gates_attach(&job->gates, ctx, &gate_events, job);
    if (job->phase == JOB_IDLE && !job_is_asked_to_stop(job)) {
        begin_in_time(job);
    } else if (job->phase_deadline) {
        timer_arm(&job->timer, job->phase_deadline);
    }
    if (join_throttle_group(job) == 0) {
        go_on(job);
    }
    if (job->phase == JOB_VERIFYING && job->in_flight == 0) {
        finish(job); /* there is nothing to verify */
    }
}

void job_detach(Job *job)
{
    if (job->throttle.group) {
        throttle_detach(&job->throttle);
    }
    timer_disarm(&job->timer);
    gates_detach(&job->gates);
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

static inline void record(Job *job, Request *request)
{
    if (__builtin_expect(request_succeeded(request), 1)) {
        job->accounts.completed++;
        job->failures_in_a_row = 0;
        recorder_add_success(&job->recorder, request);
        job->ctx->counters.other.completed_in_submit +=
            request->reaped == request->submitted;
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
static void heed(Job *job, GateWord word)
{
    if (word == GATE_END) {
        job_stop(job, JOB_END_BOUND);
    } else if (word == GATE_SEARCH_IS_OVER && job->budget > 0) {
        timer_disarm(&job->timer);
        begin_measuring(job);
    }
}

/* Of a request that is back: what was it, and what does it mean? */
static void settle(Job *job, Request *request, uint32_t index)
{
    bool is_extra = chores_is_extra(&job->chores, index);

    if (is_extra && request->op == REQUEST_READ) {
        count_check(job, request);
    } else {
        record(job, request);
    }
    if (!chores_complete(&job->chores, index, request)) {
        job_stop(job, JOB_END_BAD_DATA);
    }
    if (!is_extra && job->phase != JOB_FINISHED) {
        heed(job, gates_complete(&job->gates, index, request));
    }
}

/* The slow way on: the slot waits until all gates are open. */
static __attribute__((noinline)) void handle_gated(Job *job, Request *request)
{
    uint32_t index = index_of(job, request);

    settle(job, request, index);
    prepare_request(job, index);
    job->idle[job->idle_count++] = request;
    if (job->phase == JOB_FINISHED) { /* it gave up, and is on no context */
        return;
    }
    if (job->ios_until_move > 0 && --job->ios_until_move == 0) {
        job->is_moving = job->budget > 0;
    }
    pump(job);
    if (job->in_flight > 0) {
        return;
    }
    if (job->is_moving) {
        job->events->may_move(job->events_opaque, job);
    } else if (job->budget == 0) {
        wind_up(job);
    }
}

void job_handle(Job *job, Request *request)
{
    request_set_state(request, REQUEST_IDLE);
    job->in_flight--;
    if (__builtin_expect(job->is_gated, 0)) {
        handle_gated(job, request);
        return;
    }
    record(job, request);
    if (__builtin_expect(job->budget > 0, 1)) {
        issue(job, request);
    } else if (job->in_flight == 0 && job->phase != JOB_FINISHED) {
        finish(job);
    }
}

#include "run/run_plan.h"

#include <errno.h>

static WorkloadPlan workload_plan(const JobPlan *plan)
{
    return (WorkloadPlan){
        .start = plan->region_start,
        .blocks = plan->region_blocks,
        .step_bytes = plan->step_bytes,
        .block_bytes = plan->block_bytes,
        .read_percent = plan->read_percent,
        .random = plan->random,
        .use_map = plan->use_random_map,
        .seed = plan->seed,
        .shape = plan->shape,
    };
}

JobConfig run_job_config(const JobPlan *plan, ThrottleGroup *throttles)
{
    return (JobConfig){
        .fd = plan->fd,
        .limits = plan->limits,
        .iodepth = plan->iodepth,
        .workload = workload_plan(plan),
        .ios = plan->ios ? plan->ios : JOB_UNLIMITED,
        .bytes = plan->bytes,
        .ramp_ns = plan->ramp_ns,
        .runtime_ns = plan->runtime_ns,
        .seed = plan->seed,
        .data = plan->data,
        .side_io =
            {
                .fsync_every = plan->fsync_every,
                .fdatasync_every = plan->fdatasync_every,
                .end_fsync = plan->end_fsync,
                .trim = !plan->trim              ? TRIM_NONE
                        : plan->write_after_trim ? TRIM_THEN_WRITE
                                                 : TRIM_ONLY,
                .verify = plan->verify,
            },
        .memory_align = plan->memory_align,
        .move_every = plan->move_every,
        .throttle = plan->throttle ? &throttles[plan->throttle - 1] : NULL,
        .continue_on_error = plan->continue_on_error,
        .spike = plan->spike,
        .pacing = plan->pacing,
        .is_mix = plan->read_percent > 0 && plan->read_percent < 100,
    };
}

int plan_preview(const JobPlan *plan, PlannedIo *ios, uint64_t count)
{
    WorkloadPlan workload_of = workload_plan(plan);
    Workload workload;
    int ret = workload_init(&workload, &workload_of);

    for (uint64_t i = 0; ret == 0 && i < count; i++) {
        Request request = {0};

        workload_next_any(&workload, &request);
        ios[i] = (PlannedIo){
            .direction = recorder_direction(&request),
            .bytes = request.bytes,
            .offset = request.offset,
        };
    }
    workload_cleanup(&workload);
    return ret;
}

uint64_t shape_map_bytes(const WorkloadShape *shape)
{
    return mixed_workload_map_bytes(shape);
}

/* Can @job run on @worker? */
static bool may_run_on(const RunPlan *plan, const JobPlan *job, uint32_t worker)
{
    uint32_t at = job->worker;

    do {
        if (at == worker) {
            return true;
        }
        at = plan->workers[at].next;
    } while (job->move_every > 0 && at != job->worker);
    return false;
}

/* How many requests can be on a worker at a time. */
static uint32_t depth_of(const RunPlan *plan, uint32_t worker)
{
    uint32_t depth = 0;

    for (uint32_t i = 0; i < plan->job_count; i++) {
        if (may_run_on(plan, &plan->jobs[i], worker)) {
            depth += plan->jobs[i].iodepth;
        }
    }
    return depth;
}

EngineUser *run_worker_users(const RunPlan *plan, const Job *jobs,
                             uint32_t worker, uint32_t *count)
{
    EngineUser *users = calloc(plan->job_count, sizeof(*users));

    *count = 0;
    for (uint32_t i = 0; users && i < plan->job_count; i++) {
        if (may_run_on(plan, &plan->jobs[i], worker)) {
            users[(*count)++] = job_as_user(&jobs[i]);
        }
    }
    return users;
}

int run_worker_config(const RunPlan *plan, uint32_t index, WorkerConfig *config,
                      Error *error)
{
    const WorkerPlan *worker = &plan->workers[index];
    uint32_t depth = depth_of(plan, index);

    *config = (WorkerConfig){
        .fdmon = worker->ppoll ? FDMON_PPOLL : FDMON_EPOLL,
        .completion = completion_find(worker->completion),
        .engine = engine_find(worker->engine),
        .engine_config =
            {
                .max_requests = depth,
                .max_events = depth,
                .max_batch = worker->max_batch,
                .notify = worker->resfd,
                .reap_on_submit = worker->reap_on_submit,
                .strict_short_io = worker->strict_short_io,
                .max_events_per_call = worker->complete_max,
                .options = worker->engine_options,
            },
        .min_nr = worker->complete_min,
        .poll_rule = worker->poll_step ? POLL_RULE_STEP : POLL_RULE_WEIGHTED,
        .poll_max_ns = worker->poll_max_ns,
        .poll_grow = worker->poll_grow,
        .poll_shrink = worker->poll_shrink,
    };
    if (!config->completion || !config->engine || depth == 0 ||
        worker->next >= plan->worker_count) {
        return error_set(error, "plan", EINVAL, index);
    }
    return 0;
}

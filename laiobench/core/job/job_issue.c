#define _GNU_SOURCE
#include "job/job_issue.h"

#include "base/compiler.h"
#include "engines/engine_calls.h"

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

/* When a limit of bytes is reached, no I/Os are left to issue either. */
static void count_bytes(Job *job, uint32_t bytes)
{
    if (job->bytes_left != JOB_UNLIMITED) {
        job->bytes_left -= bytes < job->bytes_left ? bytes : job->bytes_left;
        job->budget = job->bytes_left > 0 ? job->budget : 0;
    }
}

void job_charge(Job *job, const Request *request)
{
    if (!job->side_io.write_follows) {
        job->budget--;
        count_bytes(job, request->bytes);
    }
}

static inline void submit(Job *job, Request *request)
{
    job->in_flight++;
    job->accounts.submitted++;
    target_submit(&job->target, request);
}

HOT_PATH void job_issue(Job *job, Request *request)
{
    job->budget--;
    workload_next(&job->workload, request);
    if (request->op == REQUEST_WRITE) {
        fill(job, request);
    }
    submit(job, request);
}

static void choose(Job *job, Request *request)
{
    static const RequestOp ops[] = {[DIRECTION_READ] = REQUEST_READ,
                                    [DIRECTION_WRITE] = REQUEST_WRITE};
    uint32_t picked;

    if (!side_io_wants_next(&job->side_io, request)) {
        return;
    }
    picked = admission_pick_direction(&job->admission);
    if (picked < sizeof(ops) / sizeof(ops[0])) {
        workload_next_any_of(&job->workload, request, ops[picked]);
    } else {
        workload_next_any(&job->workload, request);
    }
    side_io_apply_trim(&job->side_io, request);
}

/* If it may, its throttle group is charged. */
static bool may_issue(Job *job)
{
    return job->budget > 0 && !job->is_moving && !job_window_is_over(job) &&
           admission_admit(&job->admission, job->in_flight) &&
           (!job->throttle.group ||
            throttle_admit(&job->throttle,
                           workload_next_bytes(&job->workload)));
}

/*
 * Issue the workload's next I/O.  If it must wait for requests in flight, it
 * is held.  Returns whether it was issued.
 */
static bool issue_controlled(Job *job)
{
    SideIo *side_io = &job->side_io;
    Request *request = side_io->held;

    if (!request) {
        if (job->idle_count == 0 || !may_issue(job)) {
            return false;
        }
        request = side_io->held = job->idle[--job->idle_count];
        choose(job, request);
    }
    if (!side_io_may_go(side_io, request, job->in_flight)) {
        return false;
    }
    side_io->held = NULL;
    job_charge(job, request);
    if (!side_io_begin(side_io, request) && request->op == REQUEST_WRITE) {
        fill(job, request);
    }
    admission_issue(&job->admission, job_index_of(job, request), request,
                    job->in_flight);
    submit(job, request);
    return true;
}

/* Issue a side I/O, if one is due; otherwise as issue_controlled(). */
static bool issue_next(Job *job)
{
    Request *slot = job->idle_count > 0 ? job->idle[job->idle_count - 1] : NULL;

    if (job_was_cut_short(job)) {
        return false;
    }
    switch (side_io_next(&job->side_io, slot,
                         slot ? job_index_of(job, slot) : 0, job->in_flight,
                         job->budget > 0)) {
    case SIDE_IO_WAIT:
        return false;
    case SIDE_IO_ISSUE: /* side I/Os are not charged */
        job->idle_count--;
        submit(job, slot);
        return true;
    default:
        return issue_controlled(job);
    }
}

void job_pump(Job *job)
{
    Engine *engine = job->target.engine;

    engine_plug(engine);
    while (issue_next(job)) {
    }
    engine_unplug(engine);
}

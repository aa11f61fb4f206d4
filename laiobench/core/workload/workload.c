#include "workload/workload.h"

#include <errno.h>

/* Numbers that make independent streams out of one seed. */
enum { SALT_DIRECTIONS = 1, SALT_OFFSETS, SALT_MAP, SALT_MIXED };

static uint64_t salted(uint64_t seed, uint64_t salt)
{
    return random_mix(random_mix(seed) + salt);
}

int workload_init(Workload *workload, const WorkloadPlan *plan)
{
    *workload = (Workload){.plan = *plan};
    random_stream_init(&workload->directions,
                       salted(plan->seed, SALT_DIRECTIONS));
    random_stream_init(&workload->offsets, salted(plan->seed, SALT_OFFSETS));
    if (plan->shape) {
        workload->mixed =
            mixed_workload_new(plan->shape, salted(plan->seed, SALT_MIXED));
        workload->plan.shape = NULL; /* the caller may free it */
        return workload->mixed ? 0 : -ENOMEM;
    }
    if (plan->random && plan->use_map) {
        random_map_init(&workload->map, plan->blocks,
                        salted(plan->seed, SALT_MAP));
    }
    return 0;
}

void workload_cleanup(Workload *workload)
{
    mixed_workload_free(workload->mixed);
}

static MixedIo choose(Workload *workload, RequestOp op)
{
    return mixed_workload_next(workload->mixed, op == REQUEST_WRITE);
}

uint32_t workload_next_bytes(Workload *workload)
{
    if (!workload->mixed) {
        return workload->plan.block_bytes;
    }
    if (!workload->is_ahead) {
        workload->ahead_op = workload_next_op(workload);
        workload->ahead = choose(workload, workload->ahead_op);
        workload->is_ahead = true;
    }
    return workload->ahead.bytes;
}

static void set_io(const Workload *workload, Request *request, RequestOp op,
                   MixedIo io)
{
    request_set_io(request, op, workload->plan.start + io.offset, io.bytes);
}

void workload_next_mixed(Workload *workload, Request *request)
{
    workload_next_bytes(workload);
    workload->is_ahead = false;
    set_io(workload, request, workload->ahead_op, workload->ahead);
}

/* An I/O chosen ahead for another op is kept until that op comes. */
void workload_next_mixed_of(Workload *workload, Request *request, RequestOp op)
{
    if (workload->is_ahead && workload->ahead_op == op) {
        workload_next_mixed(workload, request);
    } else {
        set_io(workload, request, op, choose(workload, op));
    }
}

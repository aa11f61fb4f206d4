/*
 * What a job does next: the direction, offset and length of its I/Os, one
 * after the other.  Depends on nothing but its plan, so the same seed gives
 * the same I/Os; knows nothing of time or of the queue.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "random_map.h"
#include "random_stream.h"
#include "request.h"

typedef struct WorkloadPlan {
    uint64_t start;        /* of the region, bytes */
    uint64_t blocks;       /* places in the region where an I/O may begin */
    uint32_t step_bytes;   /* from one to the next */
    uint32_t block_bytes;  /* of an I/O */
    uint32_t read_percent; /* 0: only writes, 100: only reads */
    bool random;
    bool use_map; /* random: each block once a pass */
    uint64_t seed;
} WorkloadPlan;

typedef struct Workload {
    WorkloadPlan plan;
    RandomStream directions;
    RandomStream offsets;
    RandomMap map;
    uint64_t next_block[2]; /* sequential: of reads, of writes */
} Workload;

void workload_init(Workload *workload, const WorkloadPlan *plan);

static inline RequestOp workload_next_op(Workload *workload)
{
    uint32_t read_percent = workload->plan.read_percent;

    if (read_percent == 100) {
        return REQUEST_READ;
    }
    if (read_percent == 0) {
        return REQUEST_WRITE;
    }
    return random_below(&workload->directions, 100) < read_percent
               ? REQUEST_READ
               : REQUEST_WRITE;
}

static inline uint64_t workload_next_block(Workload *workload, RequestOp op)
{
    uint64_t *next, block;

    if (workload->plan.random) {
        return workload->plan.use_map
                   ? random_map_next(&workload->map)
                   : random_below(&workload->offsets, workload->plan.blocks);
    }
    /* Reads and writes each go through the region at their own pace. */
    next = &workload->next_block[op == REQUEST_WRITE];
    block = *next;
    *next = block + 1 == workload->plan.blocks ? 0 : block + 1;
    return block;
}

/* Set the op, offset and length of @request, which shall be an @op. */
static inline void workload_next_of(Workload *workload, Request *request,
                                    RequestOp op)
{
    const WorkloadPlan *plan = &workload->plan;

    request_set_io(request, op,
                   plan->start + workload_next_block(workload, op) *
                                     (uint64_t)plan->step_bytes,
                   plan->block_bytes);
}

/* The same; the op as the mix has it. */
static inline void workload_next(Workload *workload, Request *request)
{
    workload_next_of(workload, request, workload_next_op(workload));
}

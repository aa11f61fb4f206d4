/*
 * Chooses the I/Os of a job, one after the other: direction, offset and
 * length.  Depends only on its plan, so the same seed gives the same I/Os.
 * Knows nothing of time or of the queue.
 *
 * This file chooses plain workloads, inline: one size, sequential or uniformly
 * random.  All others have a shape, and mixed_workload chooses them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "workload/random_map.h"
#include "base/random_stream.h"
#include "engines/request.h"
#include "workload/mixed_workload.h"

typedef struct WorkloadPlan {
    uint64_t start;        /* of the region, bytes */
    uint64_t blocks;       /* places in the region where an I/O may begin */
    uint32_t step_bytes;   /* from one place to the next */
    uint32_t block_bytes;  /* of an I/O; with a shape: of the largest */
    uint32_t read_percent; /* 0: only writes, 100: only reads */
    bool random;
    bool use_map; /* random: each block once a pass */
    uint64_t seed;
    const WorkloadShape *shape; /* NULL: plain */
} WorkloadPlan;

typedef struct Workload {
    WorkloadPlan plan;
    RandomStream directions;
    RandomStream offsets;
    RandomMap map;
    uint64_t next_block[2]; /* sequential: for reads, for writes */
    MixedWorkload *mixed;   /* NULL: plain */
    bool is_ahead;          /* the next I/O is chosen already: */
    RequestOp ahead_op;
    MixedIo ahead;
} Workload;

/* Copies the shape.  0, or -ENOMEM; a plain one never fails. */
int workload_init(Workload *workload, const WorkloadPlan *plan);
void workload_cleanup(Workload *workload);

/* Length of the next I/O, which is chosen now and kept. */
uint32_t workload_next_bytes(Workload *workload);

/* With a shape: set @request to the next I/O. */
void workload_next_mixed(Workload *workload, Request *request);

/* With a shape: set @request to the next I/O that is an @op. */
void workload_next_mixed_of(Workload *workload, Request *request, RequestOp op);

/* Read or write, by the plan's read_percent. */
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

/* Without a shape: the index of the block for the next I/O that is an @op. */
static inline uint64_t workload_next_block(Workload *workload, RequestOp op)
{
    uint64_t *next, block;

    if (workload->plan.random) {
        return workload->plan.use_map
                   ? random_map_next(&workload->map)
                   : random_below(&workload->offsets, workload->plan.blocks);
    }
    /* Reads and writes each have a position of their own in the region. */
    next = &workload->next_block[op == REQUEST_WRITE];
    block = *next;
    *next = block + 1 == workload->plan.blocks ? 0 : block + 1;
    return block;
}

/* Without a shape: set @request to the next I/O that is an @op. */
static inline void workload_next_of(Workload *workload, Request *request,
                                    RequestOp op)
{
    const WorkloadPlan *plan = &workload->plan;

    request_set_io(request, op,
                   plan->start + workload_next_block(workload, op) *
                                     (uint64_t)plan->step_bytes,
                   plan->block_bytes);
}

/* Without a shape: set @request to the next I/O. */
static inline void workload_next(Workload *workload, Request *request)
{
    workload_next_of(workload, request, workload_next_op(workload));
}

/* With a shape or without: set @request to the next I/O that is an @op. */
static inline void workload_next_any_of(Workload *workload, Request *request,
                                        RequestOp op)
{
    if (workload->mixed) {
        workload_next_mixed_of(workload, request, op);
    } else {
        workload_next_of(workload, request, op);
    }
}

/* With a shape or without: set @request to the next I/O. */
static inline void workload_next_any(Workload *workload, Request *request)
{
    if (workload->mixed) {
        workload_next_mixed(workload, request);
    } else {
        workload_next(workload, request);
    }
}

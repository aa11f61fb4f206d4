/*
 * What comes next in a workload that is not plain: sizes of several kinds,
 * sequences with gaps, runs from random offsets, strided zones, and offsets
 * that are more or less likely.  Knows its shape, and nothing of the queue.
 */
#pragma once

#include "workload/random_map_sized.h"
#include "workload/permutation.h"
#include "workload/distribution.h"

typedef struct MixedDirection {
    const DirectionShape *shape;
    Distribution distribution;
    uint64_t places; /* where an I/O may begin, in the extent */
    uint64_t end;    /* of the last I/O, or 0 ... */
    uint64_t last;   /* ... and where that began */
} MixedDirection;

typedef struct MixedWorkload {
    WorkloadShape shape;
    MixedDirection directions[SHAPE_DIRECTIONS];
    /* With a map: one for all directions, where all sizes are the same ... */
    Permutation permutation;
    RandomMapSized sized_map; /* ... and where they differ */
    RandomStream choices;
    uint64_t seed;
    uint32_t run_left;   /* I/Os that still follow the last random offset */
    uint64_t extent;     /* bytes, from zone_start on, where I/Os go now */
    uint64_t zone_start; /* 0 without zones */
    uint64_t zone_done, zone_limit, zones_entered;
} MixedWorkload;

typedef struct MixedIo {
    uint64_t offset; /* within the region */
    uint32_t bytes;
} MixedIo;

/* What its random map takes; 0: it has none that takes any. */
size_t mixed_workload_map_bytes(const WorkloadShape *shape);

/* NULL without memory. */
MixedWorkload *mixed_workload_new(const WorkloadShape *shape, uint64_t seed);
void mixed_workload_free(MixedWorkload *workload);

/* @direction: 0 read, 1 write, 2 trim. */
MixedIo mixed_workload_next(MixedWorkload *workload, uint32_t direction);

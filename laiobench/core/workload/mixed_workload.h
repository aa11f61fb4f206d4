/*
 * What comes next in a workload that is not plain: sizes of several kinds,
 * sequences with gaps, runs from random offsets, strided zones, and offsets
 * that are more or less likely.  Knows its shape, and nothing of the queue.
 */
#pragma once

#include "workload/random_map_sized.h"
#include "workload/permutation.h"
#include "workload/distribution.h"

typedef struct ShapedDirection {
    const DirectionShape *shape;
    RandomPlace place;
    uint64_t places; /* where an I/O may begin, in the extent */
    uint64_t end;    /* of the last I/O, or 0 ... */
    uint64_t last;   /* ... and where that began */
} ShapedDirection;

typedef struct ShapedWorkload {
    WorkloadShape shape;
    ShapedDirection directions[SHAPE_DIRECTIONS];
    RandomOrder order; /* with a map: of all directions, where sizes are one ... */
    RandomCover cover; /* ... and where they differ */
    RandomStream choices;
    uint64_t seed;
    uint32_t run_left;   /* I/Os that still follow the last random offset */
    uint64_t extent;     /* bytes, from zone_start on, where I/Os go now */
    uint64_t zone_start; /* 0 without zones */
    uint64_t zone_done, zone_limit, zones_entered;
} ShapedWorkload;

typedef struct ShapedIo {
    uint64_t offset; /* within the region */
    uint32_t bytes;
} ShapedIo;

/* What its random map takes; 0: it has none that takes any. */
size_t shaped_workload_map_bytes(const WorkloadShape *shape);

/* NULL without memory. */
ShapedWorkload *shaped_workload_new(const WorkloadShape *shape, uint64_t seed);
void shaped_workload_free(ShapedWorkload *workload);

/* @direction: 0 read, 1 write, 2 trim. */
ShapedIo shaped_workload_next(ShapedWorkload *workload, uint32_t direction);

/*
 * Chooses the next I/O of a workload with a shape: several sizes, sequences
 * with gaps, runs from random offsets, strided zones, and offsets that are more
 * or less likely.  Knows the shape, and nothing of the queue.
 */
#pragma once

#include "workload/random_map_sized.h"
#include "workload/permutation.h"
#include "workload/distribution.h"

typedef struct MixedDirection {
    const DirectionShape *shape;
    Distribution distribution;
    uint64_t places; /* number of offsets at which an I/O may begin */
    uint64_t end;    /* of the last I/O, or 0 */
    uint64_t last;   /* where the last I/O began */
} MixedDirection;

typedef struct MixedWorkload {
    WorkloadShape shape;
    MixedDirection directions[SHAPE_DIRECTIONS];
    /* One map for all directions: this one if all sizes are the same, ... */
    Permutation permutation;
    RandomMapSized sized_map; /* ... this one if they differ */
    RandomStream choices;
    uint64_t seed;
    uint32_t run_left;   /* I/Os that still follow the last random offset */
    uint64_t extent;     /* bytes of the current zone, or of the region */
    uint64_t zone_start; /* offset in the region; 0 without zones */
    uint64_t zone_done, zone_limit, zones_entered;
} MixedWorkload;

typedef struct MixedIo {
    uint64_t offset; /* within the region */
    uint32_t bytes;
} MixedIo;

/* Bytes of memory for its random map; 0: it needs none. */
size_t mixed_workload_map_bytes(const WorkloadShape *shape);

/* Copies @shape.  NULL without memory. */
MixedWorkload *mixed_workload_new(const WorkloadShape *shape, uint64_t seed);
void mixed_workload_free(MixedWorkload *workload);

/* The next I/O of a direction: 0 read, 1 write, 2 trim. */
MixedIo mixed_workload_next(MixedWorkload *workload, uint32_t direction);

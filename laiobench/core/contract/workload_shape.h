/*
 * The plan of a workload that is not plain: where sizes, or the ways to choose
 * an offset, are more than one.  Offsets are bytes within the job's region.
 *
 * cffi reads this file as well as the compiler: plain declarations only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SHAPE_MOST_SHARES 64
#define SHAPE_DIRECTIONS 3 /* read, write, trim */

typedef struct SizeShare {
    double until; /* of all I/Os, those of this share and before: 0 to 1 */
    uint32_t low, high; /* evenly from one to the other, both included ... */
    uint32_t step;      /* ... in steps of this; 0: they are the same */
} SizeShare;

typedef struct ZoneShare {
    double until;           /* as above */
    uint64_t first, places; /* evenly among these */
} ZoneShare;

typedef struct DirectionShape {
    SizeShare sizes[SHAPE_MOST_SHARES];
    uint32_t size_count;
    /* all sizes are multiples of the unit */
    uint32_t smallest_bytes, unit_bytes;
    uint32_t align_bytes;  /* of random offsets */
    double random_share;   /* of all I/Os; the others are sequential: 0 to 1 */
    uint32_t distribution; /* DistributionKind, of workload/distribution.h */
    double parameter; /* zipf's theta, pareto's power, normal's deviation */
    double center;    /* where in the region, 0 to 1; < 0: anywhere */
    ZoneShare zones[SHAPE_MOST_SHARES];
    uint32_t zone_count;
} DirectionShape;

typedef struct WorkloadShape {
    uint64_t region_bytes;
    DirectionShape directions[SHAPE_DIRECTIONS];
    /* random offsets: each block once a pass, of all directions */
    bool use_map;
    /* ... sizes differ: each unit of this once; 0: no */
    uint32_t map_unit_bytes;
    bool use_lfsr;
    int64_t stride_bytes; /* sequential: skipped after each I/O */
    uint32_t run_length;  /* random: I/Os from one random offset on ... */
    bool run_identical;   /* ... or all at that offset */
    uint64_t zone_bytes;  /* strided zones: how much is done in each; 0: none */
    uint64_t zone_range, zone_skip;
} WorkloadShape;

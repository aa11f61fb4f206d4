/*
 * The plan of a workload with several sizes of I/Os, or several ways to choose
 * an offset.  Offsets are bytes within the job's region.
 *
 * cffi reads this file, too, so it has plain declarations only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SHAPE_MOST_SHARES 64
#define SHAPE_DIRECTIONS 3 /* read, write, trim */

typedef struct SizeShare {
    double until;       /* 0 to 1: the sum of this share and those before it */
    uint32_t low, high; /* bytes, both included; all are equally likely */
    uint32_t step;      /* between two sizes; 0: low and high are the same */
} SizeShare;

typedef struct ZoneShare {
    double until;           /* as above */
    uint64_t first, places; /* all places are equally likely */
} ZoneShare;

typedef struct DirectionShape {
    SizeShare sizes[SHAPE_MOST_SHARES];
    uint32_t size_count;
    /* all sizes are multiples of the unit */
    uint32_t smallest_bytes, unit_bytes;
    uint32_t align_bytes;  /* random offsets are multiples of it */
    double random_share;   /* 0 to 1; the other I/Os are sequential */
    uint32_t distribution; /* DistributionKind, of workload/distribution.h */
    double parameter; /* zipf's theta, pareto's power, normal's deviation */
    double center;    /* where in the region, 0 to 1; < 0: anywhere */
    ZoneShare zones[SHAPE_MOST_SHARES];
    uint32_t zone_count;
} DirectionShape;

typedef struct WorkloadShape {
    uint64_t region_bytes;
    DirectionShape directions[SHAPE_DIRECTIONS];
    /* random offsets: each block once in a pass, all directions together */
    bool use_map;
    /* where sizes differ: use the map for units of so many bytes; 0: no */
    uint32_t map_unit_bytes;
    bool use_lfsr;
    int64_t stride_bytes; /* sequential: skipped after each I/O */
    uint32_t run_length;  /* random: I/Os that follow each random offset */
    bool run_identical;   /* all at that offset; else one after the other */
    uint64_t zone_bytes;  /* strided zones: bytes of I/O in each; 0: no zones */
    uint64_t zone_range, zone_skip;
} WorkloadShape;

/*
 * random_distribution: which of a region's places is next, where they are not
 * all alike.  zipf and pareto give ranks, which are scattered over the region
 * one to one, so that each keeps its frequency; the first is at the centre.
 */
#pragma once

#include "workload/random_map.h"
#include "workload/zipf.h"
#include "contract/workload_shape.h"

typedef enum DistributionKind {
    DISTRIBUTION_UNIFORM,
    DISTRIBUTION_ZIPF,
    DISTRIBUTION_PARETO,
    DISTRIBUTION_NORMAL, /* what would be outside of the region is not */
    DISTRIBUTION_ZONED,
} DistributionKind;

typedef struct Distribution {
    const DirectionShape *shape;
    RandomStream stream;
    uint64_t places;
    Zipf zipf;
    RandomMap scatter;
    uint64_t center; /* of ranks: where rank 0 is */
} Distribution;

/* @shape must outlive it. */
void distribution_init(Distribution *distribution, const DirectionShape *shape,
                       uint64_t places, uint64_t seed);

uint64_t distribution_next(Distribution *distribution);

/*
 * random_distribution: chooses the next place in a region where some places
 * are more likely than others.  zipf and pareto give ranks; each rank has a
 * place of its own anywhere in the region, and the first rank is at the
 * centre.
 */
#pragma once

#include "workload/random_map.h"
#include "workload/zipf.h"
#include "contract/workload_shape.h"

typedef enum DistributionKind {
    DISTRIBUTION_UNIFORM,
    DISTRIBUTION_ZIPF,
    DISTRIBUTION_PARETO,
    DISTRIBUTION_NORMAL, /* numbers outside of the region are drawn again */
    DISTRIBUTION_ZONED,
} DistributionKind;

typedef struct Distribution {
    const DirectionShape *shape;
    RandomStream stream;
    uint64_t places;
    Zipf zipf;
    RandomMap scatter;
    uint64_t center; /* the place of rank 0 */
} Distribution;

/* @places: how many there are.  @shape must outlive it. */
void distribution_init(Distribution *distribution, const DirectionShape *shape,
                       uint64_t places, uint64_t seed);

/* The next place, from 0 to places - 1. */
uint64_t distribution_next(Distribution *distribution);

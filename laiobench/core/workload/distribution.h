/*
 * random_distribution: which of a region's places is next, where they are not
 * all alike.  zipf and pareto give ranks, which are scattered over the region
 * one to one, so that each keeps its frequency; the first is at the centre.
 */
#pragma once

#include "workload/random_map.h"
#include "workload/zipf.h"
#include "contract/workload_shape.h"

typedef enum Distribution {
    DISTRIBUTION_UNIFORM,
    DISTRIBUTION_ZIPF,
    DISTRIBUTION_PARETO,
    DISTRIBUTION_NORMAL, /* what would be outside of the region is not */
    DISTRIBUTION_ZONED,
} Distribution;

typedef struct RandomPlace {
    const DirectionShape *shape;
    RandomStream stream;
    uint64_t places;
    RandomZipf zipf;
    RandomMap scatter;
    uint64_t center; /* of ranks: where rank 0 is */
} RandomPlace;

/* @shape must outlive it. */
void random_place_init(RandomPlace *place, const DirectionShape *shape,
                       uint64_t places, uint64_t seed);

uint64_t random_place_next(RandomPlace *place);

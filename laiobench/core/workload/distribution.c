#define _GNU_SOURCE
#include "workload/distribution.h"

#include <math.h>

static double center_of(const DirectionShape *shape, RandomStream *stream)
{
    return shape->center < 0 ? random_unit(stream) : shape->center;
}

void distribution_init(Distribution *distribution, const DirectionShape *shape,
                       uint64_t places, uint64_t seed)
{
    *distribution = (Distribution){.shape = shape, .places = places};
    random_stream_init(&distribution->stream, seed);
    random_map_init(&distribution->scatter, places,
                    random_u64(&distribution->stream));
    distribution->center =
        (uint64_t)(center_of(shape, &distribution->stream) * (double)places) %
        places;
    if (shape->distribution == DISTRIBUTION_ZIPF) {
        zipf_init(&distribution->zipf, places, shape->parameter);
    }
}

/* Rank 0 is at the centre; each other rank has its own place, anywhere. */
static uint64_t place_of_rank(const Distribution *distribution, uint64_t rank)
{
    uint64_t at = rank;

    do { /* again until it is inside: a cycle of a permutation, so one to one */
        at = random_map_permute(&distribution->scatter, at);
    } while (at >= distribution->places);
    at += distribution->center;
    return at >= distribution->places ? at - distribution->places : at;
}

/*
 * A share @h of the places gets 1 - h of the I/Os; the same holds within that
 * share, and so on.
 */
static uint64_t pareto_rank(Distribution *distribution)
{
    double h = distribution->shape->parameter, power = log(h) / log(1 - h);
    double rank = (double)distribution->places *
                  pow(random_unit(&distribution->stream), power);

    return rank < (double)distribution->places ? (uint64_t)rank
                                               : distribution->places - 1;
}

/* A normal number out of two uniform ones (Box and Muller, 1958). */
static double normal(RandomStream *stream)
{
    double radius = sqrt(-2 * log(1 - random_unit(stream)));

    return radius * cos(2 * M_PI * random_unit(stream));
}

static uint64_t normal_place(Distribution *distribution)
{
    const DirectionShape *shape = distribution->shape;
    double at;

    do { /* at least a third of the numbers are inside */
        at = shape->center + shape->parameter * normal(&distribution->stream);
    } while (at < 0 || at >= 1);
    return (uint64_t)(at * (double)distribution->places);
}

static uint64_t zoned_place(Distribution *distribution)
{
    const DirectionShape *shape = distribution->shape;
    double share = random_unit(&distribution->stream);
    const ZoneShare *zone = shape->zones;
    const ZoneShare *last = &shape->zones[shape->zone_count - 1];

    while (zone < last && share >= zone->until) {
        zone++;
    }
    return zone->first + random_below(&distribution->stream, zone->places);
}

uint64_t distribution_next(Distribution *distribution)
{
    switch ((DistributionKind)distribution->shape->distribution) {
    case DISTRIBUTION_ZIPF:
        return place_of_rank(distribution, zipf_next(&distribution->zipf,
                                                     &distribution->stream));
    case DISTRIBUTION_PARETO:
        return place_of_rank(distribution, pareto_rank(distribution));
    case DISTRIBUTION_NORMAL:
        return normal_place(distribution);
    case DISTRIBUTION_ZONED:
        return zoned_place(distribution);
    case DISTRIBUTION_UNIFORM:
        break;
    }
    return random_below(&distribution->stream, distribution->places);
}

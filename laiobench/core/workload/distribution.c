#define _GNU_SOURCE
#include "workload/distribution.h"

#include <math.h>

static double center_of(const DirectionShape *shape, RandomStream *stream)
{
    return shape->center < 0 ? random_unit(stream) : shape->center;
}

void random_place_init(RandomPlace *place, const DirectionShape *shape,
                       uint64_t places, uint64_t seed)
{
    *place = (RandomPlace){.shape = shape, .places = places};
    random_stream_init(&place->stream, seed);
    random_map_init(&place->scatter, places, random_u64(&place->stream));
    place->center =
        (uint64_t)(center_of(shape, &place->stream) * (double)places) % places;
    if (shape->distribution == DISTRIBUTION_ZIPF) {
        random_zipf_init(&place->zipf, places, shape->parameter);
    }
}

/* Rank 0 is at the centre; the others anywhere, but each at a place of its own. */
static uint64_t place_of_rank(const RandomPlace *place, uint64_t rank)
{
    uint64_t at = rank;

    do { /* round its cycle until it is inside again: still one to one */
        at = random_map_permute(&place->scatter, at);
    } while (at >= place->places);
    at += place->center;
    return at >= place->places ? at - place->places : at;
}

/* A share @h of all places has 1 - h of all I/Os, within that again, and so on. */
static uint64_t pareto_rank(RandomPlace *place)
{
    double h = place->shape->parameter, power = log(h) / log(1 - h);
    double rank =
        (double)place->places * pow(random_unit(&place->stream), power);

    return rank < (double)place->places ? (uint64_t)rank : place->places - 1;
}

/* Two uniform numbers make a normal one (Box and Muller, 1958). */
static double normal(RandomStream *stream)
{
    double radius = sqrt(-2 * log(1 - random_unit(stream)));

    return radius * cos(2 * M_PI * random_unit(stream));
}

static uint64_t normal_place(RandomPlace *place)
{
    const DirectionShape *shape = place->shape;
    double at;

    do { /* a third of all, or more, are inside */
        at = shape->center + shape->parameter * normal(&place->stream);
    } while (at < 0 || at >= 1);
    return (uint64_t)(at * (double)place->places);
}

static uint64_t zoned_place(RandomPlace *place)
{
    const DirectionShape *shape = place->shape;
    double share = random_unit(&place->stream);
    const ZoneShare *zone = shape->zones;
    const ZoneShare *last = &shape->zones[shape->zone_count - 1];

    while (zone < last && share >= zone->until) {
        zone++;
    }
    return zone->first + random_below(&place->stream, zone->places);
}

uint64_t random_place_next(RandomPlace *place)
{
    switch ((Distribution)place->shape->distribution) {
    case DISTRIBUTION_ZIPF:
        return place_of_rank(place,
                             random_zipf_next(&place->zipf, &place->stream));
    case DISTRIBUTION_PARETO:
        return place_of_rank(place, pareto_rank(place));
    case DISTRIBUTION_NORMAL:
        return normal_place(place);
    case DISTRIBUTION_ZONED:
        return zoned_place(place);
    case DISTRIBUTION_UNIFORM:
        break;
    }
    return random_below(&place->stream, place->places);
}

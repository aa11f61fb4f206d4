/*
 * The random map: every block of a region exactly once, in random order,
 * without remembering which were visited.  So it needs no memory, and the last
 * block costs no more than the first.
 *
 * A linear congruential generator of full period goes once through [0, 2^n),
 * the smallest such range that holds all blocks.  Its numbers then go through a
 * permutation, which hides their pattern.  Numbers beyond the last block, fewer
 * than half, are skipped.  (Hull and
 * Dobell, "Random number generators", 1962; O'Neill, "PCG: a family of simple
 * fast space-efficient statistically good algorithms", 2014.)
 */
#pragma once

#include <stdint.h>

#include "base/random_stream.h"

typedef struct RandomMap {
    uint64_t blocks;
    uint64_t visited;       /* in this pass */
    uint64_t state;         /* of the generator */
    uint64_t multiply, add; /* the generator's step */
    uint64_t scramble[2];   /* odd factors of the permutation */
    uint64_t mask;          /* 2^n - 1 */
    uint32_t fold;          /* half of the n bits */
    uint64_t seed, pass;
} RandomMap;

/* @blocks must be above 0 and below 2^62. */
void random_map_init(RandomMap *map, uint64_t blocks, uint64_t seed);

/* Begin another pass, in another order. */
void random_map_next_pass(RandomMap *map);

/* One to one on [0, 2^n). */
static inline uint64_t random_map_permute(const RandomMap *map, uint64_t number)
{
    number ^= number >> map->fold;
    number = number * map->scramble[0] & map->mask;
    number ^= number >> map->fold;
    number = number * map->scramble[1] & map->mask;
    return number ^ number >> map->fold;
}

/* The next block: each of them once, then the next pass. */
static inline uint64_t random_map_next(RandomMap *map)
{
    uint64_t block;

    if (__builtin_expect(map->visited == map->blocks, 0)) {
        random_map_next_pass(map);
    }
    do {
        map->state = (map->state * map->multiply + map->add) & map->mask;
        block = random_map_permute(map, map->state);
    } while (block >= map->blocks);
    map->visited++;
    return block;
}

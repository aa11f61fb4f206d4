/*
 * The random map: every block of a region exactly once, in random order,
 * without remembering which were visited.  It walks a counter through a
 * pseudorandom permutation of [0, blocks), so it takes no memory and the last
 * block costs no more than the first.
 *
 * The permutation is a Feistel network over pairs (left, right) with
 * left < rows and right < columns; pairs beyond the last block are passed
 * over by applying it again.  (Black and Rogaway, "Ciphers with arbitrary
 * finite domains", 2002, method 3.)
 */
#pragma once

#include <stdint.h>

#include "random_stream.h"

#define RANDOM_MAP_ROUNDS 6

typedef struct RandomMap {
    uint64_t blocks;
    uint64_t rows, columns; /* rows × columns >= blocks, about square */
    uint64_t left, right;   /* the counter, as a pair */
    uint64_t visited;       /* in this pass */
    uint64_t seed, pass;
    uint64_t keys[RANDOM_MAP_ROUNDS];
} RandomMap;

/* @blocks must be above 0 and below 2^62. */
void random_map_init(RandomMap *map, uint64_t blocks, uint64_t seed);

/* Begin another pass, in another order. */
void random_map_next_pass(RandomMap *map);

/* A number below @range from @half, by @key. */
static inline uint64_t random_map_round(uint64_t half, uint64_t key,
                                        uint64_t range)
{
    uint64_t mixed = (half ^ key) * UINT64_C(0xbf58476d1ce4e5b9);

    mixed = (mixed ^ (mixed >> 32)) * UINT64_C(0x94d049bb133111eb);
    return (uint64_t)(((unsigned __int128)mixed * range) >> 64);
}

static inline uint64_t random_map_add(uint64_t a, uint64_t b, uint64_t modulus)
{
    uint64_t sum = a + b;

    return sum >= modulus ? sum - modulus : sum;
}

/* The next block: each of them once, then the next pass. */
static inline uint64_t random_map_next(RandomMap *map)
{
    uint64_t left, right, block;

    if (map->visited == map->blocks) {
        random_map_next_pass(map);
    }
    do {
        left = map->left;
        right = map->right;
        if (++map->right == map->columns) {
            map->right = 0;
            map->left++;
        }
        for (int i = 0; i < RANDOM_MAP_ROUNDS; i += 2) {
            left = random_map_add(
                left, random_map_round(right, map->keys[i], map->rows),
                map->rows);
            right = random_map_add(
                right, random_map_round(left, map->keys[i + 1], map->columns),
                map->columns);
        }
        block = left * map->columns + right;
    } while (block >= map->blocks);
    map->visited++;
    return block;
}

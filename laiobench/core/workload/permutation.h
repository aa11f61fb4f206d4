/* Every block of a region once in a pass, by either generator. */
#pragma once

#include <stdbool.h>

#include "workload/lfsr.h"
#include "workload/random_map.h"

typedef struct Permutation {
    bool use_lfsr;
    union {
        RandomMap map;
        Lfsr lfsr;
    };
} Permutation;

/* @blocks must be above 0 and below 2^62. */
static inline void permutation_init(Permutation *permutation, bool use_lfsr,
                                    uint64_t blocks, uint64_t seed)
{
    permutation->use_lfsr = use_lfsr;
    if (use_lfsr) {
        lfsr_init(&permutation->lfsr, blocks, seed);
    } else {
        random_map_init(&permutation->map, blocks, seed);
    }
}

/* The next block: each of them once, then the next pass. */
static inline uint64_t permutation_next(Permutation *permutation)
{
    return permutation->use_lfsr ? lfsr_next(&permutation->lfsr)
                                 : random_map_next(&permutation->map);
}

/* Begin another pass, in another order. */
static inline void permutation_next_pass(Permutation *permutation)
{
    if (permutation->use_lfsr) {
        lfsr_next_pass(&permutation->lfsr);
    } else {
        random_map_next_pass(&permutation->map);
    }
}

/* Every block of a region once a pass, by the generator that was asked for. */
#pragma once

#include <stdbool.h>

#include "workload/lfsr.h"
#include "workload/random_map.h"

typedef struct RandomOrder {
    bool use_lfsr;
    union {
        RandomMap map;
        RandomLfsr lfsr;
    };
} RandomOrder;

static inline void random_order_init(RandomOrder *order, bool use_lfsr,
                                     uint64_t blocks, uint64_t seed)
{
    order->use_lfsr = use_lfsr;
    if (use_lfsr) {
        random_lfsr_init(&order->lfsr, blocks, seed);
    } else {
        random_map_init(&order->map, blocks, seed);
    }
}

static inline uint64_t random_order_next(RandomOrder *order)
{
    return order->use_lfsr ? random_lfsr_next(&order->lfsr)
                           : random_map_next(&order->map);
}

static inline void random_order_next_pass(RandomOrder *order)
{
    if (order->use_lfsr) {
        random_lfsr_next_pass(&order->lfsr);
    } else {
        random_map_next_pass(&order->map);
    }
}

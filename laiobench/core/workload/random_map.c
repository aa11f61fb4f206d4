#include "workload/random_map.h"

void random_map_init(RandomMap *map, uint64_t blocks, uint64_t seed)
{
    uint32_t bits = blocks > 1 ? 64 - (uint32_t)__builtin_clzll(blocks - 1) : 0;

    *map = (RandomMap){
        .blocks = blocks,
        .mask = (UINT64_C(1) << bits) - 1,
        .fold = bits > 1 ? (bits + 1) / 2 : 1,
        .seed = seed,
    };
    random_map_next_pass(map);
}

/* The period is full if `add` is odd and `multiply` is 1 modulo 4. */
void random_map_next_pass(RandomMap *map)
{
    RandomStream keys;

    map->pass++;
    map->visited = 0;
    random_stream_init(&keys, map->seed + map->pass);
    map->state = random_u64(&keys) & map->mask;
    map->multiply = (random_u64(&keys) & ~UINT64_C(7)) | 5;
    map->add = random_u64(&keys) | 1;
    map->scramble[0] = random_u64(&keys) | 1;
    map->scramble[1] = random_u64(&keys) | 1;
}

#include "random_map.h"

void random_map_init(RandomMap *map, uint64_t blocks, uint64_t seed)
{
    uint64_t rows = 1;

    while (rows * rows < blocks) { /* a power of two first ... */
        rows *= 2;
    }
    for (uint64_t step = rows / 2; step > 0; step /= 2) { /* ... then exact */
        if ((rows - step) * (rows - step) >= blocks) {
            rows -= step;
        }
    }
    *map = (RandomMap){
        .blocks = blocks,
        .rows = rows,
        .columns = (blocks + rows - 1) / rows,
        .seed = seed,
    };
    random_map_next_pass(map);
}

void random_map_next_pass(RandomMap *map)
{
    RandomStream keys;

    map->pass++;
    map->left = map->right = map->visited = 0;
    random_stream_init(&keys, map->seed + map->pass);
    for (int i = 0; i < RANDOM_MAP_ROUNDS; i++) {
        map->keys[i] = random_u64(&keys);
    }
}

/*
 * The random map where sizes differ: every unit of a region exactly once a
 * pass.  An I/O begins at a random unit, or at the next one that was not visited
 * yet, and is cut before the first that was: what is left lies together, so that
 * few are cut.  One bit a unit, and one for each 64 that are full, and so on up.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "workload/lfsr.h"
#include "base/random_stream.h"

enum { SIZED_MAP_LEVELS_MAX = 11 }; /* 64^11 is more than there can be */

/* A level's bit says that a unit was visited; above, that 64 bits below all do. */
typedef struct SizedMapLevel {
    uint64_t *bits;
    uint64_t count;
} SizedMapLevel;

typedef struct RandomMapSized {
    bool use_lfsr; /* begin in the order of lfsr, where that is not visited */
    Lfsr lfsr;
    RandomStream stream;
    SizedMapLevel levels[SIZED_MAP_LEVELS_MAX];
    uint32_t level_count;
    uint64_t *memory;
    size_t bytes;
    uint64_t units, visited;
    bool mark; /* what a bit is once it is set: the other one next pass */
} RandomMapSized;

/* What so many units take. */
size_t random_map_sized_bytes(uint64_t units);

/* For up to @units.  0 or -ENOMEM. */
int random_map_sized_init(RandomMapSized *map, uint64_t units);
void random_map_sized_cleanup(RandomMapSized *map);

/* Begin anew with so many units, which must not be more than there is room for. */
void random_map_sized_begin(RandomMapSized *map, bool use_lfsr, uint64_t units,
                            uint64_t seed);

/* From where on, and how many, up to @wanted: which are visited now. */
uint64_t random_map_sized_next(RandomMapSized *map, uint64_t wanted,
                               uint64_t *count);

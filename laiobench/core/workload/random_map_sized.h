/*
 * The random map for I/Os of different sizes: every unit of a region exactly
 * once in a pass.  An I/O begins at a random unit, or at the next that was not
 * visited, and ends before the first that was.  So unvisited units stay
 * together, and few I/Os are cut.  There is a bit for each unit, above it a
 * bit for each 64 that are visited, and so on.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "workload/lfsr.h"
#include "base/random_stream.h"

enum { SIZED_MAP_LEVELS_MAX = 11 }; /* 64^11 is more than 2^64 units */

/*
 * The lowest level: a bit for each unit; above: one for 64 bits that are set.
 */
typedef struct SizedMapLevel {
    uint64_t *bits;
    uint64_t count;
} SizedMapLevel;

typedef struct RandomMapSized {
    bool use_lfsr; /* take random units from lfsr */
    Lfsr lfsr;
    RandomStream stream;
    SizedMapLevel levels[SIZED_MAP_LEVELS_MAX];
    uint32_t level_count;
    uint64_t *memory;
    size_t bytes;
    uint64_t units, visited;
    bool mark; /* the value of visited bits; it changes with each pass */
} RandomMapSized;

/* Bytes of memory for so many units. */
size_t random_map_sized_bytes(uint64_t units);

/* Allocate memory for up to @units.  0 or -ENOMEM. */
int random_map_sized_init(RandomMapSized *map, uint64_t units);
void random_map_sized_cleanup(RandomMapSized *map);

/* Begin anew with so many units; no more than at the initialization. */
void random_map_sized_begin(RandomMapSized *map, bool use_lfsr, uint64_t units,
                            uint64_t seed);

/* Visit up to @wanted units.  Returns the first one; @count gets how many. */
uint64_t random_map_sized_next(RandomMapSized *map, uint64_t wanted,
                               uint64_t *count);

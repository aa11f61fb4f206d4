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

enum { COVER_MOST_LEVELS = 11 }; /* 64^11 is more than there can be */

/* A level's bit says that a unit was visited; above, that 64 bits below all do. */
typedef struct CoverLevel {
    uint64_t *bits;
    uint64_t count;
} CoverLevel;

typedef struct RandomCover {
    bool use_lfsr; /* whose order it is then, but for what was visited */
    RandomLfsr lfsr;
    RandomStream stream;
    CoverLevel levels[COVER_MOST_LEVELS];
    uint32_t level_count;
    uint64_t *memory;
    size_t bytes;
    uint64_t units, visited;
    bool mark; /* what a bit is once it is set: the other one next pass */
} RandomCover;

/* What so many units take. */
size_t random_cover_bytes(uint64_t units);

/* For up to @units.  0 or -ENOMEM. */
int random_cover_init(RandomCover *cover, uint64_t units);
void random_cover_cleanup(RandomCover *cover);

/* Begin anew with so many units, which must not be more than there is room for. */
void random_cover_begin(RandomCover *cover, bool use_lfsr, uint64_t units,
                        uint64_t seed);

/* From where on, and how many, up to @wanted: which are visited now. */
uint64_t random_cover_next(RandomCover *cover, uint64_t wanted,
                           uint64_t *count);

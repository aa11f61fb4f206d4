/*
 * The random map where sizes differ: every unit of a region exactly once a
 * pass.  An I/O begins at a unit that was not visited yet, in random order, and
 * is cut before the next one that was.  One bit a unit.
 */
#pragma once

#include <stddef.h>

#include "random_order.h"

typedef struct RandomCover {
    RandomOrder order;
    uint64_t *bits;
    uint64_t units, visited;
    size_t bytes;
    bool mark; /* what the bit of a visited unit is: the other one next pass */
} RandomCover;

/* For up to @units.  0 or -ENOMEM. */
int random_cover_init(RandomCover *cover, uint64_t units);
void random_cover_cleanup(RandomCover *cover);

/* Begin anew with so many units, which must not be more than there is room for. */
void random_cover_begin(RandomCover *cover, bool use_lfsr, uint64_t units,
                        uint64_t seed);

/* From where on, and how many, up to @wanted: which are visited now. */
uint64_t random_cover_next(RandomCover *cover, uint64_t wanted,
                           uint64_t *count);

/*
 * random_generator=lfsr: every block of a region exactly once, in the order of
 * a linear feedback shift register of full period: the shortest that has a
 * state for each block.  Each state is about twice the one before, so a
 * multiplication by an odd number scatters them.
 */
#pragma once

#include <stdint.h>

typedef struct Lfsr {
    uint64_t blocks;
    uint64_t visited;  /* in this pass */
    uint64_t state;    /* never 0 */
    uint64_t feedback; /* the polynomial without its highest term */
    uint64_t mask;     /* 2^n - 1, which is the period, too */
    uint64_t scatter;  /* odd */
    uint64_t seed, pass;
} Lfsr;

/* @blocks must be above 0 and below 2^62. */
void lfsr_init(Lfsr *lfsr, uint64_t blocks, uint64_t seed);

/* Begin another pass, from another state. */
void lfsr_next_pass(Lfsr *lfsr);

/* The next block: each of them once, then the next pass. */
static inline uint64_t lfsr_next(Lfsr *lfsr)
{
    uint64_t block;

    if (lfsr->visited == lfsr->blocks) {
        lfsr_next_pass(lfsr);
    }
    do {
        uint64_t doubled = lfsr->state << 1;

        lfsr->state = doubled > lfsr->mask
                          ? (doubled ^ lfsr->feedback) & lfsr->mask
                          : doubled;
        block = (lfsr->state * lfsr->scatter & lfsr->mask) - 1;
    } while (block >= lfsr->blocks);
    lfsr->visited++;
    return block;
}

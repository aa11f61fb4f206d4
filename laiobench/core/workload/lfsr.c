#include "workload/lfsr.h"

#include "base/random_stream.h"

#define FEWEST_BITS 2

/*
 * For 2 bits and more: the smallest primitive polynomial, so that the register
 * goes through all states except 0.  Without its highest term.
 */
static const uint16_t feedbacks[] = {
    0x3,   0x3,  0x3,  0x5,  0x3,  0x3,  0x1d, 0x11, 0x9,  0x5,  0x53,
    0x1b,  0x2b, 0x3,  0x2d, 0x9,  0x27, 0x27, 0x9,  0x5,  0x3,  0x21,
    0x1b,  0x9,  0x47, 0x27, 0x9,  0x5,  0x53, 0x9,  0xaf, 0x53, 0xe7,
    0x5,   0x77, 0x3f, 0x63, 0x11, 0x39, 0x9,  0x3f, 0x59, 0x65, 0x1b,
    0x12f, 0x21, 0xb7, 0x71, 0x1d, 0x4b, 0x9,  0x47, 0x7d, 0x47, 0x95,
    0x2d,  0x63, 0x7b, 0x3,  0x27, 0x69,
};

void lfsr_init(Lfsr *lfsr, uint64_t blocks, uint64_t seed)
{
    uint32_t bits = 64 - (uint32_t)__builtin_clzll(blocks);

    bits = bits < FEWEST_BITS ? FEWEST_BITS : bits;
    *lfsr = (Lfsr){
        .blocks = blocks,
        .feedback = feedbacks[bits - FEWEST_BITS],
        .mask = (UINT64_C(1) << bits) - 1,
        .seed = seed,
    };
    lfsr_next_pass(lfsr);
}

void lfsr_next_pass(Lfsr *lfsr)
{
    RandomStream keys;

    lfsr->pass++;
    lfsr->visited = 0;
    random_stream_init(&keys, lfsr->seed + lfsr->pass);
    lfsr->state = random_below(&keys, lfsr->mask) + 1;
    lfsr->scatter = random_u64(&keys) | 1;
}

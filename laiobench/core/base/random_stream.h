/*
 * A stream of random numbers: xoshiro256**, seeded through splitmix64
 * (Blackman and Vigna, "Scrambled linear pseudorandom number generators",
 * 2018).  Streams of different seeds are independent for our purposes; the
 * same seed gives the same numbers on every machine.
 */
#pragma once

#include <stdint.h>

typedef struct RandomStream {
    uint64_t state[4];
} RandomStream;

/* One step of splitmix64; it also mixes counters and seeds well. */
static inline uint64_t random_mix(uint64_t value)
{
    value += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

static inline void random_stream_init(RandomStream *stream, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        stream->state[i] =
            random_mix(seed + (uint64_t)i * UINT64_C(0x9e3779b97f4a7c15));
    }
}

static inline uint64_t random_rotate(uint64_t value, int by)
{
    return (value << by) | (value >> (64 - by));
}

static inline uint64_t random_u64(RandomStream *stream)
{
    uint64_t *s = stream->state;
    uint64_t result = random_rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = random_rotate(s[3], 45);
    return result;
}

/* Uniform in [0, @bound): the high half of a product, biased by < 2^-64 × bound. */
static inline uint64_t random_below(RandomStream *stream, uint64_t bound)
{
    return (uint64_t)(((unsigned __int128)random_u64(stream) * bound) >> 64);
}

/* Uniform in [0, 1), of 53 bits. */
static inline double random_unit(RandomStream *stream)
{
    return (double)(random_u64(stream) >> 11) * 0x1p-53;
}

/* Fill @buffer; @bytes is a multiple of 8. */
static inline void random_fill(RandomStream *stream, void *buffer,
                               uint64_t bytes)
{
    uint64_t *words = buffer;

    for (uint64_t i = 0; i < bytes / sizeof(*words); i++) {
        words[i] = random_u64(stream);
    }
}

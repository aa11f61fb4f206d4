/*
 * Latency histograms in the layout of HdrHistogram: unit 1 ns, 3 significant
 * digits, up to 60 s, and a count of what is beyond.  Counts exchange with
 * HdrHistogram's without loss.  One thread adds; any thread may read.
 */
#pragma once

#include <stdint.h>

#include "base/counter.h"

/* 2^11 values a power of two keep 3 digits; the lower half is shared. */
#define HISTOGRAM_SUB_BUCKET_BITS 11
#define HISTOGRAM_MAX_NS UINT64_C(60000000000)
#define HISTOGRAM_BUCKETS 27648
#define HISTOGRAM_OVERFLOW HISTOGRAM_BUCKETS /* the index of what is beyond */

/* Histograms that are kept side by side: what falls into equal bins lies in
 * one cache line. */
#define HISTOGRAM_STRIDE 4

typedef struct Extremes {
    uint64_t min, max, sum; /* exact; min is UINT64_MAX when there is nothing */
} Extremes;

typedef struct Histograms {
    Extremes extremes[HISTOGRAM_STRIDE];
    _Alignas(64) uint64_t counts[HISTOGRAM_BUCKETS + 1][HISTOGRAM_STRIDE];
} Histograms;

void histograms_reset(Histograms *histograms);

static inline uint32_t histogram_index(uint64_t ns)
{
    uint64_t sub_buckets = UINT64_C(1) << HISTOGRAM_SUB_BUCKET_BITS;
    uint32_t bucket = 64 - HISTOGRAM_SUB_BUCKET_BITS -
                      (uint32_t)__builtin_clzll(ns | (sub_buckets - 1));
    uint64_t index = ((uint64_t)bucket << (HISTOGRAM_SUB_BUCKET_BITS - 1)) +
                     (ns >> bucket);

    return ns <= HISTOGRAM_MAX_NS ? (uint32_t)index : HISTOGRAM_OVERFLOW;
}

/* The smallest value that is counted at @index. */
uint64_t histogram_value(uint32_t index);

/* Where the histogram number @which counts @ns. */
static inline uint64_t *histograms_bin(Histograms *histograms, uint32_t which,
                                       uint64_t ns)
{
    return &histograms->counts[histogram_index(ns)][which];
}

static inline void histograms_widen(Histograms *histograms, uint32_t which,
                                    uint64_t ns)
{
    Extremes *extremes = &histograms->extremes[which];

    if (__builtin_expect(ns < extremes->min, 0)) {
        counter_set(&extremes->min, ns);
    }
    if (__builtin_expect(ns > extremes->max, 0)) {
        counter_set(&extremes->max, ns);
    }
}

/* To the histogram number @which. */
static inline void histograms_add(Histograms *histograms, uint32_t which,
                                  uint64_t ns)
{
    counter_add(histograms_bin(histograms, which, ns), 1);
    histograms->extremes[which].sum += ns;
    histograms_widen(histograms, which, ns);
}

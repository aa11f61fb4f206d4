/*
 * A histogram of latencies in the layout of HdrHistogram: unit 1 ns, 3
 * significant digits, up to 60 s, and a count of what is beyond.  Counts
 * exchange with HdrHistogram's without loss.  One thread adds; any may read.
 */
#pragma once

#include <stdint.h>

#include "base/counter.h"

/* 2^11 values a power of two keep 3 digits; the lower half is shared. */
#define HISTOGRAM_SUB_BUCKET_BITS 11
#define HISTOGRAM_MAX_NS UINT64_C(60000000000)
#define HISTOGRAM_BUCKETS 27648
#define HISTOGRAM_OVERFLOW HISTOGRAM_BUCKETS /* the index of what is beyond */

typedef struct Histogram {
    uint64_t min, max, sum; /* exact; min is UINT64_MAX when there is nothing */
    uint64_t counts[HISTOGRAM_BUCKETS + 1];
} Histogram;

void histogram_reset(Histogram *histogram);

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

/* Where @ns is counted. */
static inline uint64_t *histogram_bin(Histogram *histogram, uint64_t ns)
{
    return &histogram->counts[histogram_index(ns)];
}

static inline void histogram_widen(Histogram *histogram, uint64_t ns)
{
    if (__builtin_expect(ns < histogram->min, 0)) {
        counter_set(&histogram->min, ns);
    }
    if (__builtin_expect(ns > histogram->max, 0)) {
        counter_set(&histogram->max, ns);
    }
}

static inline void histogram_add(Histogram *histogram, uint64_t ns)
{
    counter_add(histogram_bin(histogram, ns), 1);
    counter_add(&histogram->sum, ns);
    histogram_widen(histogram, ns);
}

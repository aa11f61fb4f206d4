/*
 * A histogram of latencies in the layout of HdrHistogram: unit 1 ns, 3
 * significant digits, up to 60 s, and one count for all that are longer.  So
 * the counts can be copied to HdrHistogram and back without loss.  One thread
 * adds; any thread may read meanwhile.
 */
#pragma once

#include <stdint.h>

#include "base/counter.h"

/*
 * 2^11 sub-buckets for each power of two keep 3 digits; their lower half is
 * that of the power below.
 */
#define HISTOGRAM_SUB_BUCKET_BITS 11
#define HISTOGRAM_MAX_NS UINT64_C(60000000000)
#define HISTOGRAM_BUCKETS 27648
#define HISTOGRAM_OVERFLOW HISTOGRAM_BUCKETS /* index of longer latencies */

typedef struct Histogram {
    uint64_t min, max, sum; /* exact, ns; min of an empty one: UINT64_MAX */
    uint64_t counts[HISTOGRAM_BUCKETS + 1];
} Histogram;

/* Make it empty; other threads may be reading it. */
void histogram_reset(Histogram *histogram);

/* The index of the count for @ns. */
static inline uint32_t histogram_index(uint64_t ns)
{
    uint64_t sub_buckets = UINT64_C(1) << HISTOGRAM_SUB_BUCKET_BITS;
    uint32_t bucket = 64 - HISTOGRAM_SUB_BUCKET_BITS -
                      (uint32_t)__builtin_clzll(ns | (sub_buckets - 1));
    uint64_t index = ((uint64_t)bucket << (HISTOGRAM_SUB_BUCKET_BITS - 1)) +
                     (ns >> bucket);

    return ns <= HISTOGRAM_MAX_NS ? (uint32_t)index : HISTOGRAM_OVERFLOW;
}

/* The smallest latency, in ns, that is counted at @index. */
uint64_t histogram_value(uint32_t index);

static inline uint64_t *histogram_bin(Histogram *histogram, uint64_t ns)
{
    return &histogram->counts[histogram_index(ns)];
}

/* Let min and max include @ns. */
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

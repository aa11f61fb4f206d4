#include "record/histogram.h"

_Static_assert(((64 - 11 - 28) << 10) + (HISTOGRAM_MAX_NS >> 25) <
                   HISTOGRAM_BUCKETS,
               "60 s fits");

void histogram_reset(Histogram *histogram)
{
    counter_set(&histogram->min, UINT64_MAX); /* a sampler may read it */
    counter_set(&histogram->max, 0);
    counter_set(&histogram->sum, 0);
    for (uint32_t i = 0; i <= HISTOGRAM_BUCKETS; i++) {
        counter_set(&histogram->counts[i], 0);
    }
}

uint64_t histogram_value(uint32_t index)
{
    uint32_t half_bits = HISTOGRAM_SUB_BUCKET_BITS - 1;
    uint32_t bucket = index >> half_bits;
    uint64_t sub_bucket = index & ((1u << half_bits) - 1);

    if (bucket == 0) {
        return sub_bucket;
    }
    return (sub_bucket + (UINT64_C(1) << half_bits)) << (bucket - 1);
}

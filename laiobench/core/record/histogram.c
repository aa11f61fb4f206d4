#include "record/histogram.h"

_Static_assert(((64 - 11 - 28) << 10) + (HISTOGRAM_MAX_NS >> 25) <
                   HISTOGRAM_BUCKETS,
               "60 s fits");

void histograms_reset(Histograms *histograms)
{
    for (uint32_t which = 0; which < HISTOGRAM_STRIDE; which++) {
        Extremes *extremes = &histograms->extremes[which];

        counter_set(&extremes->min, UINT64_MAX); /* a sampler may look */
        counter_set(&extremes->max, 0);
        counter_set(&extremes->sum, 0);
    }
    for (uint32_t i = 0; i <= HISTOGRAM_BUCKETS; i++) {
        for (uint32_t which = 0; which < HISTOGRAM_STRIDE; which++) {
            counter_set(&histograms->counts[i][which], 0);
        }
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

/*
 * Zipf's law: rank k, from 1 to n, with a probability proportional to
 * k^-theta.  By rejection-inversion (Hörmann and Derflinger, "Rejection-
 * inversion to generate variates from monotone discrete distributions", 1996):
 * exact, without a table, and as cheap for any n.
 */
#pragma once

#include <stdint.h>

#include "base/random_stream.h"

typedef struct Zipf {
    uint64_t ranks;
    double theta;
    double area_first, area_last; /* under the hat function, at its two ends */
    double shortcut; /* a number so close to its rank is accepted at once */
} Zipf;

/* @theta must be above 0; it may be 1. */
void zipf_init(Zipf *zipf, uint64_t ranks, double theta);

/* The next rank; 0 is the most frequent. */
uint64_t zipf_next(Zipf *zipf, RandomStream *stream);

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
    double area_first, area_last; /* of the hat, at its two ends */
    double shortcut; /* so near to its rank, a number is taken at once */
} Zipf;

/* @theta must be above 0; 1 is as good as any. */
void zipf_init(Zipf *zipf, uint64_t ranks, double theta);

/* The next rank, the most frequent one being 0. */
uint64_t zipf_next(Zipf *zipf, RandomStream *stream);

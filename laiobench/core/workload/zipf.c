#include "workload/zipf.h"

#include <math.h>

/* Below this, the first terms of the series are exact. */
#define TINY 1e-8

/* log(1 + x) / x */
static double log_ratio(double x)
{
    return fabs(x) > TINY ? log1p(x) / x : 1 - x * (0.5 - x / 3);
}

/* (exp(x) - 1) / x */
static double exp_ratio(double x)
{
    return fabs(x) > TINY ? expm1(x) / x : 1 + x * (0.5 + x / 6);
}

/* x^-theta */
static double hat(const Zipf *zipf, double x)
{
    return exp(-zipf->theta * log(x));
}

/* The integral of hat(): (x^(1-theta) - 1) / (1-theta); log(x) at theta 1. */
static double area(const Zipf *zipf, double x)
{
    double log_x = log(x);

    return exp_ratio((1 - zipf->theta) * log_x) * log_x;
}

/* The x at which area() is @value. */
static double area_inverse(const Zipf *zipf, double value)
{
    double t = value * (1 - zipf->theta);

    return exp(log_ratio(t < -1 ? -1 : t) * value);
}

void zipf_init(Zipf *zipf, uint64_t ranks, double theta)
{
    *zipf = (Zipf){.ranks = ranks, .theta = theta};
    zipf->area_first = area(zipf, 1.5) - 1;
    zipf->area_last = area(zipf, (double)ranks + 0.5);
    zipf->shortcut = 2 - area_inverse(zipf, area(zipf, 2.5) - hat(zipf, 2));
}

uint64_t zipf_next(Zipf *zipf, RandomStream *stream)
{
    for (;;) {
        double under = zipf->area_last +
                       random_unit(stream) *
                           (zipf->area_first - zipf->area_last);
        double x = area_inverse(zipf, under);
        double rank = floor(x + 0.5);

        rank = rank < 1 ? 1 : rank;
        if (rank > (double)zipf->ranks) {
            rank = (double)zipf->ranks;
        }
        if (rank - x <= zipf->shortcut ||
            under >= area(zipf, rank + 0.5) - hat(zipf, rank)) {
            uint64_t number = (uint64_t)rank;

            /* Above 2^53 not every integer is a double, so check again. */
            return (number < zipf->ranks ? number : zipf->ranks) - 1;
        }
    }
}

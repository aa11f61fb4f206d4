/*
 * DepthSearch: finds the highest iodepth at which the given share of I/Os has
 * a latency within a target.  It tries each depth for one window.  While the
 * target holds it doubles the depth; then it halves the interval between the
 * highest depth that held and the lowest that did not.
 *
 * Knows neither jobs nor clocks: the caller tells it the times of each I/O.
 */
#pragma once

#include "contract/pacing_plan.h"

typedef struct DepthSearch {
    uint64_t target, window; /* ticks */
    double percent;
    uint32_t depth;     /* to use now; after the search: the one found, or 1 */
    uint32_t highest;   /* the highest that may be tried */
    uint32_t good, bad; /* the highest that held, the lowest that did not */
    bool is_over;
    bool found; /* once is_over: whether the target held at any depth */

    uint64_t window_start; /* ticks */
    uint64_t ios, within;  /* queued in this window: all, within the target */

    SearchStep steps[SEARCH_STEPS_MAX];
    uint32_t step_count;
} DepthSearch;

/*
 * @percent of the I/Os of a window must have a latency of at most
 * @target_ticks.  @highest: the highest depth that may be tried.
 */
void depth_search_init(DepthSearch *search, uint64_t target_ticks,
                       uint64_t window_ticks, double percent, uint32_t highest);

/* The first window begins at @now, in ticks. */
void depth_search_begin(DepthSearch *search, uint64_t now);

/*
 * An I/O has succeeded; its times are in ticks.  Returns whether that ended a
 * window: then `depth` is another, or the search is over.
 */
bool depth_search_add(DepthSearch *search, uint64_t queued, uint64_t reaped);

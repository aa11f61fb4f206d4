/*
 * DepthSearch: the highest iodepth at which the given share of I/Os has a
 * latency within a target.  Depths are doubled while that holds, and then
 * what lies between is halved; each is looked at for one window.
 *
 * Knows neither jobs nor clocks: it is told of each I/O, and of its times.
 */
#pragma once

#include "contract/pacing_plan.h"

typedef struct DepthSearch {
    uint64_t target, window; /* ticks */
    double percent;
    uint32_t depth;   /* to be tried now; at the end: the one that was found */
    uint32_t highest; /* that there is */
    uint32_t good, bad; /* the highest that held, the lowest that did not */
    bool is_over;
    bool found; /* is_over: there is one that holds, if only 1 */

    uint64_t window_start; /* ticks; 0: with the next I/O */
    uint64_t ios, within;  /* of those that were queued in this window */

    SearchStep steps[SEARCH_STEPS_MAX];
    uint32_t step_count;
} DepthSearch;

void depth_search_init(DepthSearch *search, uint64_t target_ticks,
                       uint64_t window_ticks, double percent, uint32_t highest);

/* The first window begins. */
void depth_search_begin(DepthSearch *search, uint64_t now);

/*
 * An I/O went well.  Returns whether that ended a window: there is another
 * depth now, or the search is over.
 */
bool depth_search_add(DepthSearch *search, uint64_t queued, uint64_t reaped);

#include "pacing/depth_search.h"

void depth_search_init(DepthSearch *search, uint64_t target_ticks,
                       uint64_t window_ticks, double percent, uint32_t highest)
{
    *search = (DepthSearch){
        .target = target_ticks,
        .window = window_ticks,
        .percent = percent,
        .depth = 1,
        .highest = highest,
        .bad = highest + 1,
    };
}

void depth_search_begin(DepthSearch *search, uint64_t now)
{
    search->window_start = now;
    search->ios = search->within = 0;
}

static void record_step(DepthSearch *search, bool holds)
{
    if (search->step_count < SEARCH_STEPS_MAX) {
        search->steps[search->step_count++] = (SearchStep){
            .depth = search->depth,
            .holds = holds,
            .ios = search->ios,
            .within = search->within,
        };
    }
}

static uint32_t next_depth(const DepthSearch *search)
{
    uint32_t doubled = 2 * search->good;

    if (search->bad > search->highest && doubled <= search->highest) {
        return doubled > 0 ? doubled : 1;
    }
    if (search->bad > search->highest) {
        return search->highest;
    }
    return search->good + (search->bad - search->good) / 2;
}

static void end_window(DepthSearch *search)
{
    bool holds = (double)search->within * 100.0 >=
                 (double)search->ios * search->percent;

    record_step(search, holds);
    if (holds) {
        search->good = search->depth;
    } else {
        search->bad = search->depth;
    }
    search->is_over = search->bad - search->good == 1;
    search->found = search->good > 0;
    search->depth = search->is_over ? search->good : next_depth(search);
    if (search->depth == 0) { /* the target did not hold at 1 either */
        search->depth = 1;
    }
}

bool depth_search_add(DepthSearch *search, uint64_t queued, uint64_t reaped)
{
    if (queued < search->window_start) { /* it was queued at another depth */
        return false;
    }
    search->ios++;
    search->within += reaped - queued <= search->target;
    if (reaped - search->window_start < search->window) {
        return false;
    }
    end_window(search);
    depth_search_begin(search, reaped);
    return true;
}

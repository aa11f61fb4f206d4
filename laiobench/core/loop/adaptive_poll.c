#include "loop/adaptive_poll.h"

static uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static PollChange set(PollBudget *budget, uint64_t ticks)
{
    uint64_t before = budget->ticks;

    budget->ticks = ticks;
    return ticks > before   ? POLL_GREW
           : ticks < before ? POLL_SHRANK
                            : POLL_KEPT;
}

PollChange adaptive_poll_event(const AdaptivePoll *poll, PollBudget *budget,
                               uint64_t waited)
{
    uint64_t interval = waited;

    if (poll->rule == POLL_RULE_WEIGHTED) {
        budget->average -= budget->average >> ADAPTIVE_POLL_WEIGHT;
        budget->average += waited >> ADAPTIVE_POLL_WEIGHT;
        interval = budget->average;
    }
    if (interval > poll->max) {
        return set(budget, poll->shrink ? budget->ticks / poll->shrink : 0);
    }
    if (interval <= budget->ticks) {
        return POLL_KEPT; /* long enough to find such events */
    }
    if (budget->ticks == 0) {
        return set(budget, min_u64(poll->first, poll->max));
    }
    return set(budget, min_u64(budget->ticks * poll->grow, poll->max));
}

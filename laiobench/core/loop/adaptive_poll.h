/*
 * Adaptive polling: how long to look for an event before sleeping.  Grows
 * while events come soon after one has stopped looking, shrinks when they come
 * too late for looking to be worth it.  Pure: times go in, a time comes out.
 *
 * Two rules.  STEP judges by how long the last event took; WEIGHTED, by a
 * moving average for each handler, so that one odd event changes little.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ADAPTIVE_POLL_WEIGHT 3      /* the newest event counts 1/2^3 */
#define ADAPTIVE_POLL_FIRST_NS 4000 /* what growing from nothing begins with */

typedef enum PollRule { POLL_RULE_WEIGHTED, POLL_RULE_STEP } PollRule;

typedef enum PollChange { POLL_KEPT, POLL_GREW, POLL_SHRANK } PollChange;

/* All times in ticks. */
typedef struct AdaptivePoll {
    PollRule rule;
    uint64_t max; /* never look longer; 0: never look */
    uint64_t first;
    uint32_t grow;   /* times so much */
    uint32_t shrink; /* divided by so much; 0: to nothing */
} AdaptivePoll;

/* How long to look: of a context (STEP), or of a handler (WEIGHTED). */
typedef struct PollBudget {
    uint64_t ticks;
    uint64_t average; /* WEIGHTED: of the waits for this handler's events */
} PollBudget;

/* An event has come after @waited, looking and sleeping. */
PollChange adaptive_poll_event(const AdaptivePoll *poll, PollBudget *budget,
                               uint64_t waited);

/* Is its average as low as events without a wait can make it? */
static inline bool adaptive_poll_has_converged(const PollBudget *budget)
{
    return budget->average >> ADAPTIVE_POLL_WEIGHT == 0;
}

/*
 * Adaptive polling: how long to look for an event before sleeping.  This time
 * grows while events come soon after the loop has stopped looking, and shrinks
 * when they come too late to be worth it.  Pure: times go in, a time comes out.
 *
 * Two rules.  STEP judges by how long the last event took; WEIGHTED, by a
 * moving average for each handler, so that one odd event changes little.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ADAPTIVE_POLL_WEIGHT 3      /* the newest event counts 1/2^3 */
#define ADAPTIVE_POLL_FIRST_NS 4000 /* the time after 0, when it grows */

typedef enum PollRule { POLL_RULE_WEIGHTED, POLL_RULE_STEP } PollRule;

typedef enum PollChange { POLL_KEPT, POLL_GREW, POLL_SHRANK } PollChange;

/* All times in ticks. */
typedef struct AdaptivePoll {
    PollRule rule;
    uint64_t max; /* never look longer; 0: never look */
    uint64_t first;
    uint32_t grow;   /* factor */
    uint32_t shrink; /* divisor; 0: shrink to 0 at once */
} AdaptivePoll;

/* How long to look: one for a context (STEP), or one for each handler (WEIGHTED). */
typedef struct PollBudget {
    uint64_t ticks;
    uint64_t average; /* WEIGHTED: of the waits for this handler's events */
} PollBudget;

/* An event has come; the loop looked and slept for @waited before. */
PollChange adaptive_poll_event(const AdaptivePoll *poll, PollBudget *budget,
                               uint64_t waited);

/* Can events without a wait make the average no lower? */
static inline bool adaptive_poll_has_converged(const PollBudget *budget)
{
    return budget->average >> ADAPTIVE_POLL_WEIGHT == 0;
}

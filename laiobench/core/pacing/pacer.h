/*
 * Pacer: when a job's next I/O is due.  Each direction with a rate has a
 * schedule of its own, of constant or of exponential gaps.  The schedule is
 * open: it depends on what was asked for, never on how fast a device is, and
 * an I/O that is issued late keeps the time at which it was due.
 *
 * Knows no timers, and nothing of requests.
 */
#pragma once

#include "base/clock.h"
#include "contract/pacing_plan.h"
#include "base/random_stream.h"

#define PACER_NEVER UINT64_MAX

/* An I/O is late when it is issued so long after it was due. */
#define LATE_NS 100000

typedef struct PacedDirection {
    bool is_used;
    double ticks_per_byte, ticks_per_io; /* 0: no such rate */
    double due;                          /* ticks since the schedule began */
    uint64_t behind;   /* ticks: when one was issued last, or the job ended */
    double opened_due; /* both, as the window opened */
    uint64_t opened_behind;
} PacedDirection;

typedef struct Pacer {
    bool is_on;  /* there is a rate */
    bool is_mix; /* several directions, of which the schedule picks the next */
    bool poisson;
    PacedDirection directions[PACED_DIRECTIONS];
    RandomStream gaps;
    const Clock *clock;
    uint64_t begun;      /* ticks */
    uint64_t late_after; /* ticks */
    uint64_t late;       /* I/Os */
    uint64_t late_max;   /* ticks */
} Pacer;

/*
 * @uses: which directions the job has.  @is_mix: it may do any of those next,
 * so that the schedule may decide.  @block_bytes: of the largest I/O.
 */
void pacer_init(Pacer *pacer, const PacingPlan *plan,
                const bool uses[PACED_DIRECTIONS], bool is_mix,
                uint32_t block_bytes, uint64_t seed, const Clock *clock);

/*
 * The first I/O is due @now, or the plan's phase later; other directions follow
 * a part of a gap after it, or equal rates would go in lock-step: each I/O with
 * one of the other direction, and would share its latency.
 */
void pacer_begin(Pacer *pacer, uint64_t now);

/* Forget who was late: the measured window begins @now. */
void pacer_reset_counts(Pacer *pacer, uint64_t now);

/* No more will be issued, though the schedule goes on: who is behind it? */
void pacer_end(Pacer *pacer, uint64_t now);

/* Of the window: how much of a direction's schedule was issued; in ticks. */
uint64_t pacer_scheduled(const Pacer *pacer, uint32_t direction);

/* How much farther behind it was at the end than at the beginning; in ticks. */
uint64_t pacer_behind(const Pacer *pacer, uint32_t direction);

/* Everything is due so much later. */
void pacer_shift(Pacer *pacer, uint64_t ticks);

/* When the next I/O may go, of whatever direction. */
uint64_t pacer_due(const Pacer *pacer);

/* Of a mix, when an I/O is due at @now: of which direction it is. */
uint32_t pacer_pick(const Pacer *pacer, uint64_t now);

/*
 * An I/O of @bytes goes at @now.  Returns when it was due; @now where its
 * direction has no rate.
 */
uint64_t pacer_issue(Pacer *pacer, uint32_t direction, uint32_t bytes,
                     uint64_t now);

/*
 * Pacer: when a job's next I/O is due.  Each direction with a rate has its own
 * schedule, with constant or exponential gaps.  The load is open: the schedule
 * depends only on the plan, never on the device, and an I/O that is issued late
 * keeps the time at which it was due.
 *
 * Knows no timers, and nothing of requests.  Only one thread may use it.
 */
#pragma once

#include "base/clock.h"
#include "contract/pacing_plan.h"
#include "base/random_stream.h"

#define PACER_NEVER UINT64_MAX

/* An I/O is late if it is issued this long, or longer, after it was due. */
#define LATE_NS 100000

typedef struct PacedDirection {
    bool is_used;
    double ticks_per_byte, ticks_per_io; /* 0: no such rate */
    double due;      /* when the next is due; ticks since the schedule began */
    uint64_t behind; /* delay at the last issue, or at the job's end; ticks */
    double opened_due;      /* `due` when the window opened */
    uint64_t opened_behind; /* `behind` when the window opened */
} PacedDirection;

typedef struct Pacer {
    bool is_on;  /* at least one direction has a rate */
    bool is_mix; /* any direction may be next, so the schedule decides */
    bool poisson;
    PacedDirection directions[PACED_DIRECTIONS];
    RandomStream gaps;
    const Clock *clock;
    uint64_t begun;      /* when the schedule began; ticks */
    uint64_t late_after; /* LATE_NS in ticks */
    uint64_t late;       /* I/Os that were late */
    uint64_t late_max;   /* the largest delay; ticks */
} Pacer;

/*
 * @uses: the directions that the job has.  @is_mix: any of them may be next,
 * so that the schedule decides.  @block_bytes: length of the largest I/O.
 */
void pacer_init(Pacer *pacer, const PacingPlan *plan,
                const bool uses[PACED_DIRECTIONS], bool is_mix,
                uint32_t block_bytes, uint64_t seed, const Clock *clock);

/*
 * The schedule begins: the first I/O is due @now, or the plan's phase later.
 * Other directions are due a part of a gap after it.  Otherwise equal rates
 * would always issue one I/O of each direction at the same time, and each would
 * add to the latency of the other.
 */
void pacer_begin(Pacer *pacer, uint64_t now);

/* The measured window opens @now: forget which I/Os were late. */
void pacer_reset_counts(Pacer *pacer, uint64_t now);

/* No more I/Os will be issued: note the delay of each direction. */
void pacer_end(Pacer *pacer, uint64_t now);

/* The part of a direction's schedule that the window issued; in ticks. */
uint64_t pacer_scheduled(const Pacer *pacer, uint32_t direction);

/* How much a direction's delay grew in the window; in ticks. */
uint64_t pacer_behind(const Pacer *pacer, uint32_t direction);

/* Make all I/Os that are not issued yet due @ticks later. */
void pacer_shift(Pacer *pacer, uint64_t ticks);

/* When the next I/O of any direction is due, in ticks. */
uint64_t pacer_due(const Pacer *pacer);

/* Only for a mix: the direction of the I/O that is due at @now. */
uint32_t pacer_pick(const Pacer *pacer, uint64_t now);

/*
 * An I/O of @bytes is issued at @now.  Returns when it was due; this is @now
 * if its direction has no rate.
 */
uint64_t pacer_issue(Pacer *pacer, uint32_t direction, uint32_t bytes,
                     uint64_t now);

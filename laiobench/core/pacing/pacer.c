#include "pacing/pacer.h"

#include <math.h>

/*
 * The phase between one direction and the next, in smallest gaps: the golden
 * section, so that schedules stay apart if their rates have a simple ratio.
 */
#define PACER_PHASE 0.3819660112501051

static bool has_rate(const PacedDirection *direction)
{
    return direction->ticks_per_byte > 0 || direction->ticks_per_io > 0;
}

static double ticks_per(double per_s, const Clock *clock)
{
    return per_s > 0 ? (double)clock->ticks_per_s / per_s : 0;
}

static double gap_of(const PacedDirection *direction, uint32_t bytes)
{
    double by_bytes = direction->ticks_per_byte * bytes;

    return by_bytes > direction->ticks_per_io ? by_bytes
                                              : direction->ticks_per_io;
}

static double smallest_gap(const Pacer *pacer, uint32_t bytes)
{
    double smallest = 0;

    for (int i = 0; i < PACED_DIRECTIONS; i++) {
        double gap = gap_of(&pacer->directions[i], bytes);

        if (gap > 0 && (smallest == 0 || gap < smallest)) {
            smallest = gap;
        }
    }
    return smallest;
}

/* Exponential gaps need no phase: their schedules do not stay together. */
static void set_phases(Pacer *pacer, double phase, uint32_t block_bytes)
{
    double gap = smallest_gap(pacer, block_bytes);

    for (int i = 0; i < PACED_DIRECTIONS; i++) {
        PacedDirection *direction = &pacer->directions[i];

        if (!pacer->poisson && direction->is_used && has_rate(direction)) {
            direction->due = phase * gap;
            phase += PACER_PHASE;
        }
    }
}

void pacer_init(Pacer *pacer, const PacingPlan *plan,
                const bool uses[PACED_DIRECTIONS], bool is_mix,
                uint32_t block_bytes, uint64_t seed, const Clock *clock)
{
    *pacer = (Pacer){
        .is_mix = is_mix,
        .poisson = plan->poisson,
        .clock = clock,
        .late_after = clock_ns_to_ticks(clock, LATE_NS),
    };
    random_stream_init(&pacer->gaps, seed);
    for (int i = 0; i < PACED_DIRECTIONS; i++) {
        PacedDirection *direction = &pacer->directions[i];

        direction->is_used = uses[i];
        direction->ticks_per_byte = ticks_per(plan->bytes_per_s[i], clock);
        direction->ticks_per_io = ticks_per(plan->ios_per_s[i], clock);
        pacer->is_on |= uses[i] && has_rate(direction);
    }
    set_phases(pacer, plan->phase, block_bytes);
}

void pacer_shift(Pacer *pacer, uint64_t ticks)
{
    pacer->begun += ticks;
}

/* 0 without a rate: before any schedule. */
static uint64_t due_of(const Pacer *pacer, const PacedDirection *direction)
{
    return has_rate(direction) ? pacer->begun + (uint64_t)direction->due : 0;
}

/* How long ago the next I/O to issue was due; in ticks. */
static uint64_t behind_by(const Pacer *pacer, const PacedDirection *direction,
                          uint64_t now)
{
    uint64_t due = due_of(pacer, direction);

    if (!direction->is_used || !has_rate(direction)) {
        return 0;
    }
    return due < now ? now - due : 0;
}

void pacer_begin(Pacer *pacer, uint64_t now)
{
    pacer->begun = now;
    pacer_reset_counts(pacer, now); /* the window may have opened before */
}

void pacer_reset_counts(Pacer *pacer, uint64_t now)
{
    pacer->late = pacer->late_max = 0;
    for (int i = 0; i < PACED_DIRECTIONS; i++) {
        PacedDirection *direction = &pacer->directions[i];

        direction->opened_due = direction->due;
        direction->behind = direction->opened_behind =
            behind_by(pacer, direction, now);
    }
}

void pacer_end(Pacer *pacer, uint64_t now)
{
    for (int i = 0; i < PACED_DIRECTIONS; i++) {
        PacedDirection *direction = &pacer->directions[i];

        direction->behind = behind_by(pacer, direction, now);
    }
}

uint64_t pacer_scheduled(const Pacer *pacer, uint32_t direction)
{
    const PacedDirection *of = &pacer->directions[direction];

    return (uint64_t)(of->due - of->opened_due);
}

uint64_t pacer_behind(const Pacer *pacer, uint32_t direction)
{
    const PacedDirection *of = &pacer->directions[direction];

    return of->behind > of->opened_behind ? of->behind - of->opened_behind : 0;
}

uint64_t pacer_due(const Pacer *pacer)
{
    uint64_t earliest = PACER_NEVER;

    for (int i = 0; i < PACED_DIRECTIONS; i++) {
        const PacedDirection *direction = &pacer->directions[i];

        if (direction->is_used && due_of(pacer, direction) < earliest) {
            earliest = due_of(pacer, direction);
        }
    }
    return earliest;
}

/*
 * The direction that was due first; if none is due, the one without a rate.
 */
uint32_t pacer_pick(const Pacer *pacer, uint64_t now)
{
    uint32_t free = 0, picked = PACED_DIRECTIONS;
    uint64_t earliest = now;

    for (uint32_t i = 0; i < PACED_DIRECTIONS; i++) {
        const PacedDirection *direction = &pacer->directions[i];

        if (!direction->is_used) {
            continue;
        }
        if (!has_rate(direction)) {
            free = i;
        } else if (due_of(pacer, direction) <= earliest) {
            earliest = due_of(pacer, direction);
            picked = i;
        }
    }
    return picked < PACED_DIRECTIONS ? picked : free;
}

static double next_gap(Pacer *pacer, const PacedDirection *direction,
                       uint32_t bytes)
{
    double gap = gap_of(direction, bytes);

    /* 1 - u is above 0, so it has a logarithm. */
    return pacer->poisson ? gap * -log(1.0 - random_unit(&pacer->gaps)) : gap;
}

uint64_t pacer_issue(Pacer *pacer, uint32_t number, uint32_t bytes,
                     uint64_t now)
{
    PacedDirection *direction = &pacer->directions[number];
    uint64_t due = due_of(pacer, direction), late;

    if (!has_rate(direction)) {
        return now;
    }
    direction->due += next_gap(pacer, direction, bytes);
    late = direction->behind = now > due ? now - due : 0;
    pacer->late += late >= pacer->late_after;
    if (late > pacer->late_max) {
        pacer->late_max = late;
    }
    return due < now ? due : now;
}

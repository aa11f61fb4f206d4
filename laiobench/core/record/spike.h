/*
 * Spike: a slowness of known size, planted where I/Os are recorded, so that a
 * comparison can show that it would have seen one.  Of a share of 0.05, each
 * I/O is recorded as 5 % longer than it was, and owes 5 % of an I/O: one that
 * is carried out and not recorded, a toll.  So latencies, throughput, and what
 * an I/O costs are all worse by just that share.  Knows directions and times;
 * not who wants it, and nothing of how I/Os are carried out.
 *
 * Why completions are not held back for so long instead: wherever there is a
 * queue, in a target that is busy or before a CPU that is, it gets shorter by
 * what is held, and neither throughput nor latency change (Little's law); no
 * sleep is as short as 5 % of 20 us, and to spin for it changes what the CPU
 * costs; and the target would see another load.  Here it sees the very same
 * as without, in all completion modes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SPIKED_DIRECTIONS 3 /* read, write, trim */

typedef struct Spike {
    double share;                   /* of an I/O; 0: none is planted */
    double owed[SPIKED_DIRECTIONS]; /* I/Os */
    bool took;                      /* the latest success was a toll */
} Spike;

/* Of a success that is to be recorded: is it a toll, and so is not? */
static inline bool spike_takes(Spike *spike, uint32_t direction)
{
    spike->took = spike->owed[direction] >= 1.0;
    spike->owed[direction] += spike->took ? -1.0 : spike->share;
    return spike->took;
}

/* As long as it is recorded: any kind of time. */
static inline uint64_t spike_longer(const Spike *spike, uint64_t ticks)
{
    return ticks + (uint64_t)(spike->share * (double)ticks + 0.5);
}

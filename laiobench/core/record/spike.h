/*
 * Spike: a slowness of known size, planted where I/Os are recorded, by which a
 * comparison shows that it would see one.  With a share of 0.05, each I/O is
 * recorded as 5 % longer than it was, and adds 5 % of an I/O to a debt; each
 * whole I/O of debt drops one I/O from the record.  So latencies, throughput
 * and cost per I/O all get worse by that share.  Knows directions and times,
 * but not how I/Os are carried out.
 *
 * Why it does not delay completions instead.  If a target or a CPU is busy,
 * there is a queue, and a delay only makes the queue shorter: neither
 * throughput nor latency changes (Little's law).  A sleep cannot be as short
 * as 5 % of 20 us, and spinning would change the CPU's cost.  And the target
 * would see another load.  Recorded this way, it sees the same load as
 * without, in all completion modes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SPIKED_DIRECTIONS 3 /* read, write, trim */

typedef struct Spike {
    double share;                   /* of an I/O; 0: none is planted */
    double owed[SPIKED_DIRECTIONS]; /* the debt, in I/Os */
    bool dropped;                   /* the latest success was dropped */
} Spike;

/* Whether to drop this success from the record; if not, the debt grows. */
static inline bool spike_drops(Spike *spike, uint32_t direction)
{
    spike->dropped = spike->owed[direction] >= 1.0;
    spike->owed[direction] += spike->dropped ? -1.0 : spike->share;
    return spike->dropped;
}

/* The time to record for one of @ticks, in any unit. */
static inline uint64_t spike_longer(const Spike *spike, uint64_t ticks)
{
    return ticks + (uint64_t)(spike->share * (double)ticks + 0.5);
}

/*
 * The names of the latencies that are recorded, and which I/Os have each.  How
 * each is computed is in record/latency.h.
 *
 * cffi reads this file, too, so it has plain declarations only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct LatencyType {
    const char *name; /* "lat" is lat_ns in documents */
    /* true: every I/O has it; false: only I/Os that a schedule makes due */
    bool is_of_every_io;
} LatencyType;

/* The latency with the number @latency, from 0 on.  NULL: there is none. */
const LatencyType *latency_type(uint32_t latency);

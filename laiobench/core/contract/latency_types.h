/*
 * Latencies as whoever reads reports sees them: what each is called, and which
 * I/Os have it.  How one is computed, record/latency.h knows.
 *
 * cffi reads this file as well as the compiler: plain declarations only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct LatencyType {
    const char *name;    /* documents add the unit: "lat" is their lat_ns */
    bool is_of_every_io; /* else of those that had to go at a given time */
} LatencyType;

/* By its number, from 0.  NULL past the last. */
const LatencyType *latency_type(uint32_t latency);

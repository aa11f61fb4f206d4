/*
 * Latencies as a report names them: what each is called, and which I/Os have
 * it.  How each is computed is in record/latency.h.
 *
 * cffi reads this file as well as the compiler: plain declarations only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct LatencyType {
    const char *name; /* documents add the unit: "lat" is lat_ns there */
    /* else only of I/Os with a time at which they are due */
    bool is_of_every_io;
} LatencyType;

/* By its number, from 0.  NULL past the last. */
const LatencyType *latency_type(uint32_t latency);

/*
 * The latencies that are recorded: for each a row with its name, and how to
 * compute it from the times of an I/O.  Histograms, reports and Python's lists
 * follow from these rows.  To add a latency, add a row here and a field in
 * results/run_result.py.  If it needs a new time, add that to Request, set it
 * in the engines, and compare it in recorder_matches_last().
 */
#pragma once

#include <stdint.h>

#include "contract/latency_types.h"

/* Times of an I/O, in ns since it was queued. */
typedef struct SinceQueued {
    uint64_t submitted, reaped;
} SinceQueued;

/* The same, in ns since it was due by the schedule. */
typedef struct SinceDue {
    uint64_t reaped;
} SinceDue;

/* row(LATENCY_..., its name, ns by a SinceQueued called `at`), ... */
#define LATENCIES_OF_EVERY_IO(row) \
    row(LATENCY_SLAT, slat, at.submitted), \
        row(LATENCY_CLAT, clat, at.reaped - at.submitted), \
        row(LATENCY_LAT, lat, at.reaped)

/* row(LATENCY_..., its name, ns by a SinceDue called `at`), ... */
#define LATENCIES_OF_DUE_IOS(row) row(LATENCY_RESPONSE, response, at.reaped)

#define LATENCY_ENUMERATOR(latency, name, ns) latency
/* An initializer of an array by Latency; it uses a variable `at`. */
#define LATENCY_NS(latency, name, ns) [latency] = (ns)

typedef enum Latency {
    LATENCIES_OF_EVERY_IO(LATENCY_ENUMERATOR),
    LATENCY_EVERY_IO_COUNT,
    LATENCY_EVERY_IO_LAST = LATENCY_EVERY_IO_COUNT - 1,
    LATENCIES_OF_DUE_IOS(LATENCY_ENUMERATOR),
    LATENCY_COUNT,
} Latency;

/*
 * The latencies that are recorded: a row for each, with its name and how it
 * follows from the times of an I/O.  Histograms, reports and Python's lists
 * come from these rows.  To add one, add a row here, and its field in
 * results/run_result.py; a time that nobody takes yet has to be taken first
 * (Request), and to be compared in recorder_is_as_last().
 */
#pragma once

#include <stdint.h>

#include "contract/latency_types.h"

/* When things happened to an I/O, in ns since it was queued. */
typedef struct SinceQueued {
    uint64_t submitted, reaped;
} SinceQueued;

/* The same since the schedule wanted it queued. */
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
/* Of an array by Latency, where there is an `at`. */
#define LATENCY_NS(latency, name, ns) [latency] = (ns)

typedef enum Latency {
    LATENCIES_OF_EVERY_IO(LATENCY_ENUMERATOR),
    LATENCY_EVERY_IO_COUNT,
    LATENCY_EVERY_IO_LAST = LATENCY_EVERY_IO_COUNT - 1,
    LATENCIES_OF_DUE_IOS(LATENCY_ENUMERATOR),
    LATENCY_COUNT,
} Latency;

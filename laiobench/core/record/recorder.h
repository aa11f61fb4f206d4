/*
 * What a job has measured: successes in histograms, failures by errno, one
 * set per direction.  The IOThread that runs the job writes; any thread may
 * read while it does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "engines/request.h"
#include "record/histogram.h"
#include "record/latency.h"
#include "record/spike.h"

typedef enum Direction {
    DIRECTION_READ,
    DIRECTION_WRITE,
    DIRECTION_TRIM,
    DIRECTION_IO_COUNT, /* what is from here on is no I/O of the results */
    DIRECTION_SYNC = DIRECTION_IO_COUNT,
    DIRECTION_COUNT,
} Direction;

#define ERRNO_MAX \
    256 /* the kernel's end at 133; those beyond count as the last */

typedef struct DirectionRecord {
    uint64_t ios; /* successes only */
    uint64_t bytes;
    uint64_t short_ios; /* of them: those that took several completions */
    uint64_t eofs;      /* reads of what is not there any more */
    uint64_t errors[ERRNO_MAX];
    _Alignas(64) Histogram latencies[LATENCY_COUNT];
} DirectionRecord;

/*
 * How the last success was recorded.  Requests of one batch have the same
 * times, so where they count is looked up once for all of them.
 */
typedef struct LastRecorded {
    DirectionRecord *record; /* NULL: none */
    uint64_t queued, submitted, reaped;
    uint64_t ns[LATENCY_EVERY_IO_COUNT];
    uint64_t *bins[LATENCY_EVERY_IO_COUNT];
} LastRecorded;

typedef struct Recorder {
    const Clock *clock;
    LastRecorded last;
    uint32_t generation; /* atomic; odd while it is reset, then another */
    DirectionRecord *directions[DIRECTION_COUNT]; /* NULL: not used */
    Spike spike; /* of share 0, but for a comparison's proof */
} Recorder;

_Static_assert(SPIKED_DIRECTIONS == DIRECTION_IO_COUNT, "no sync is spiked");

/* How much memory it needs to record @uses; a multiple of a cache line. */
size_t recorder_bytes(const bool uses[DIRECTION_COUNT]);

/* @memory: so much of it, zeroed, at a cache line, and the caller's. */
void recorder_init(Recorder *recorder, const Clock *clock,
                   const bool uses[DIRECTION_COUNT], void *memory);

/* Forget all: the measured window begins. */
void recorder_reset(Recorder *recorder);

static inline Direction recorder_direction(const Request *request)
{
    static const uint8_t directions[] = {
        [REQUEST_READ] = DIRECTION_READ,  [REQUEST_WRITE] = DIRECTION_WRITE,
        [REQUEST_FSYNC] = DIRECTION_SYNC, [REQUEST_FDSYNC] = DIRECTION_SYNC,
        [REQUEST_TRIM] = DIRECTION_TRIM,
    };

    return directions[request->op];
}

/* Count a request that brought no data; it is no I/O of the results. */
void recorder_add_failure(Recorder *recorder, const Request *request);

static inline bool recorder_is_as_last(const LastRecorded *last,
                                       const DirectionRecord *record,
                                       const Request *request)
{
    return last->record == record && last->reaped == request->reaped &&
           last->queued == request->queued &&
           last->submitted == request->submitted;
}

/*
 * Latencies are differences of times since the I/O was queued, so that slat +
 * clat = lat holds for each to the nanosecond: three roundings would not do.
 */
static inline void recorder_look_up(Recorder *recorder, DirectionRecord *record,
                                    const Request *request)
{
    LastRecorded *last = &recorder->last;
    const SinceQueued at = {
        .submitted = clock_ticks_to_ns(recorder->clock,
                                       request->submitted - request->queued),
        .reaped = clock_ticks_to_ns(recorder->clock,
                                    request->reaped - request->queued),
    };
    const uint64_t ns[] = {LATENCIES_OF_EVERY_IO(LATENCY_NS)};

    last->record = record;
    last->queued = request->queued;
    last->submitted = request->submitted;
    last->reaped = request->reaped;
#pragma GCC unroll 16
    for (uint32_t i = 0; i < LATENCY_EVERY_IO_COUNT; i++) {
        last->ns[i] = ns[i];
        last->bins[i] = histogram_bin(&record->latencies[i], ns[i]);
        histogram_widen(&record->latencies[i], ns[i]);
    }
}

static inline void recorder_add_success(Recorder *recorder,
                                        const Request *request)
{
    DirectionRecord *record = recorder->directions[recorder_direction(request)];
    const LastRecorded *last = &recorder->last;

    if (!recorder_is_as_last(last, record, request)) {
        recorder_look_up(recorder, record, request);
    }
    counter_add(&record->ios, 1);
    counter_add(&record->bytes, request->bytes);
    record->short_ios += request->bytes_done > 0;
#pragma GCC unroll 16
    for (uint32_t i = 0; i < LATENCY_EVERY_IO_COUNT; i++) {
        counter_add(last->bins[i], 1);
        counter_add(&record->latencies[i].sum, last->ns[i]);
    }
}

/* The same where a spike is planted: longer, or, as its toll, not at all. */
void recorder_add_spiked(Recorder *recorder, Request *request);

/* Besides, of one that a schedule wanted queued at @due. */
static inline void recorder_add_due(Recorder *recorder, const Request *request,
                                    uint64_t due)
{
    DirectionRecord *record = recorder->directions[recorder_direction(request)];
    const SinceDue at = {
        .reaped = clock_ticks_to_ns(recorder->clock,
                                    spike_longer(&recorder->spike,
                                                 request->reaped - due)),
    };
    const uint64_t ns[LATENCY_COUNT] = {LATENCIES_OF_DUE_IOS(LATENCY_NS)};

    if (recorder->spike.took) {
        return;
    }
    for (uint32_t i = LATENCY_EVERY_IO_COUNT; i < LATENCY_COUNT; i++) {
        histogram_add(&record->latencies[i], ns[i]);
    }
}

/* Of all directions, while others add to them. */
static inline uint64_t recorder_bytes_so_far(const Recorder *recorder)
{
    uint64_t bytes = 0;

    for (int i = 0; i < DIRECTION_COUNT; i++) {
        const DirectionRecord *record = recorder->directions[i];

        bytes += record ? counter_read(&record->bytes) : 0;
    }
    return bytes;
}

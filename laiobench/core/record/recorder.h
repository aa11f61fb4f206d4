/*
 * Recorder: what a job has measured, for each direction: successes in
 * histograms, failures by errno.  The thread that runs the job writes; any
 * thread may read meanwhile.
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
    DIRECTION_IO_COUNT, /* the following do not count as I/Os of the job */
    DIRECTION_SYNC = DIRECTION_IO_COUNT,
    DIRECTION_COUNT,
} Direction;

/* The kernel's errnos end at 133; any beyond 255 is counted as 255. */
#define ERRNO_MAX 256

typedef struct DirectionRecord {
    uint64_t ios; /* successes only */
    uint64_t bytes;
    uint64_t short_ios; /* of these: the ones that took several completions */
    uint64_t eofs;      /* failures: the target ended before the I/O */
    uint64_t errors[ERRNO_MAX];
    _Alignas(64) Histogram latencies[LATENCY_COUNT];
} DirectionRecord;

/*
 * How the last success was recorded.  Requests of one batch have the same
 * times, so their latencies and bins are looked up once for all of them.
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
    uint32_t generation; /* atomic; a reset adds 2; odd during the reset */
    DirectionRecord *directions[DIRECTION_COUNT]; /* NULL: not used */
    Spike spike; /* its share is 0, except for a comparison's proof */
} Recorder;

_Static_assert(SPIKED_DIRECTIONS == DIRECTION_IO_COUNT, "no sync is spiked");

/* Bytes of memory to record the directions in @uses; full cache lines. */
size_t recorder_bytes(const bool uses[DIRECTION_COUNT]);

/*
 * @memory: recorder_bytes() of it, zeroed, aligned to a cache line; the caller
 * owns it, and it must outlive the recorder.
 */
void recorder_init(Recorder *recorder, const Clock *clock,
                   const bool uses[DIRECTION_COUNT], void *memory);

/* Forget everything recorded, for a new window.  By the writing thread. */
void recorder_reset(Recorder *recorder);

/* The direction in which @request counts. */
static inline Direction recorder_direction(const Request *request)
{
    static const uint8_t directions[] = {
        [REQUEST_READ] = DIRECTION_READ,  [REQUEST_WRITE] = DIRECTION_WRITE,
        [REQUEST_FSYNC] = DIRECTION_SYNC, [REQUEST_FDSYNC] = DIRECTION_SYNC,
        [REQUEST_TRIM] = DIRECTION_TRIM,
    };

    return directions[request->op];
}

/* Count a failed request.  It is not one of the ios. */
void recorder_add_failure(Recorder *recorder, const Request *request);

/* Has @request the direction and the times of the last one? */
static inline bool recorder_matches_last(const LastRecorded *last,
                                         const DirectionRecord *record,
                                         const Request *request)
{
    return last->record == record && last->reaped == request->reaped &&
           last->queued == request->queued &&
           last->submitted == request->submitted;
}

/*
 * Compute the latencies, and find their bins.  All are computed from two
 * rounded times since the I/O was queued, so that slat + clat = lat to the
 * nanosecond; three rounded differences would not always add up.
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

/* Record a request that succeeded. */
static inline void recorder_add_success(Recorder *recorder,
                                        const Request *request)
{
    DirectionRecord *record = recorder->directions[recorder_direction(request)];
    const LastRecorded *last = &recorder->last;

    if (!recorder_matches_last(last, record, request)) {
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

/*
 * The same with a planted spike: the request is recorded as longer than it
 * was, or is dropped.  @request is unchanged afterwards.
 */
void recorder_add_spiked(Recorder *recorder, Request *request);

/*
 * Record the latencies since @due (ticks) of a success that was just recorded,
 * and that had a schedule.
 */
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

    if (recorder->spike.dropped) {
        return;
    }
    for (uint32_t i = LATENCY_EVERY_IO_COUNT; i < LATENCY_COUNT; i++) {
        histogram_add(&record->latencies[i], ns[i]);
    }
}

/* Bytes of all directions.  Any thread; more may be added meanwhile. */
static inline uint64_t recorder_bytes_so_far(const Recorder *recorder)
{
    uint64_t bytes = 0;

    for (int i = 0; i < DIRECTION_COUNT; i++) {
        const DirectionRecord *record = recorder->directions[i];

        bytes += record ? counter_read(&record->bytes) : 0;
    }
    return bytes;
}

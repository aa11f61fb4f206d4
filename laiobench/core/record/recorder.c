#include "record/recorder.h"

#include <string.h>

size_t recorder_bytes(const bool uses[DIRECTION_COUNT])
{
    size_t bytes = 0;

    for (int i = 0; i < DIRECTION_COUNT; i++) {
        bytes += uses[i] ? sizeof(DirectionRecord) : 0;
    }
    return bytes;
}

void recorder_init(Recorder *recorder, const Clock *clock,
                   const bool uses[DIRECTION_COUNT], void *memory)
{
    DirectionRecord *record = memory;

    *recorder = (Recorder){.clock = clock};
    for (int i = 0; i < DIRECTION_COUNT; i++) {
        if (uses[i]) {
            recorder->directions[i] = record++;
        }
    }
    recorder_reset(recorder);
}

void recorder_reset(Recorder *recorder)
{
    /* Acquire and release, here and below: pair with run_sample()'s acquire. */
    __atomic_fetch_add(&recorder->generation, 1, __ATOMIC_ACQ_REL);
    recorder->last.record = NULL; /* its min and max must be set again */
    for (int i = 0; i < DIRECTION_COUNT; i++) {
        DirectionRecord *record = recorder->directions[i];

        if (!record) {
            continue;
        }
        counter_set(&record->ios, 0);
        counter_set(&record->bytes, 0);
        record->short_ios = record->eofs = 0;
        memset(record->errors, 0, sizeof(record->errors));
        for (uint32_t latency = 0; latency < LATENCY_COUNT; latency++) {
            histogram_reset(&record->latencies[latency]);
        }
    }
    __atomic_fetch_add(&recorder->generation, 1, __ATOMIC_ACQ_REL);
}

void recorder_add_spiked(Recorder *recorder, Request *request)
{
    Direction direction = recorder_direction(request);
    uint64_t submitted = request->submitted, reaped = request->reaped;

    if (direction >= DIRECTION_IO_COUNT) {
        recorder_add_success(recorder, request);
        return;
    }
    if (spike_drops(&recorder->spike, direction)) {
        return;
    }
    request->submitted =
        request->queued +
        spike_longer(&recorder->spike, submitted - request->queued);
    request->reaped = request->queued +
                      spike_longer(&recorder->spike, reaped - request->queued);
    recorder_add_success(recorder, request);
    request->submitted = submitted;
    request->reaped = reaped;
}

void recorder_add_failure(Recorder *recorder, const Request *request)
{
    DirectionRecord *record = recorder->directions[recorder_direction(request)];
    uint32_t code = (uint32_t)-request->result;

    if (request->result == REQUEST_EOF) {
        record->eofs++;
    } else {
        record->errors[code < ERRNO_MAX ? code : ERRNO_MAX - 1]++;
    }
}

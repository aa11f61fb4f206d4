#include "recorder.h"

#include <errno.h>
#include <string.h>

#include "memory.h"

int recorder_init(Recorder *recorder, const Clock *clock,
                  const bool uses[DIRECTION_COUNT])
{
    *recorder = (Recorder){.clock = clock};
    for (int i = 0; i < DIRECTION_COUNT; i++) {
        if (!uses[i]) {
            continue;
        }
        recorder->directions[i] = memory_map(sizeof(DirectionRecord));
        if (!recorder->directions[i]) {
            recorder_cleanup(recorder);
            return -ENOMEM;
        }
    }
    recorder_reset(recorder);
    return 0;
}

void recorder_cleanup(Recorder *recorder)
{
    for (int i = 0; i < DIRECTION_COUNT; i++) {
        memory_unmap(recorder->directions[i], sizeof(DirectionRecord));
        recorder->directions[i] = NULL;
    }
}

void recorder_reset(Recorder *recorder)
{
    /* Acquire and release, twice: pair with those of whoever samples. */
    __atomic_fetch_add(&recorder->generation, 1, __ATOMIC_ACQ_REL);
    for (int i = 0; i < DIRECTION_COUNT; i++) {
        DirectionRecord *record = recorder->directions[i];

        if (!record) {
            continue;
        }
        counter_set(&record->ios, 0);
        counter_set(&record->bytes, 0);
        record->short_ios = record->eofs = 0;
        memset(record->errors, 0, sizeof(record->errors));
        histograms_reset(&record->latency);
    }
    __atomic_fetch_add(&recorder->generation, 1, __ATOMIC_ACQ_REL);
}

void recorder_add_failure(Recorder *recorder, const Request *request)
{
    DirectionRecord *record =
        recorder->directions[recorder_direction(request)];
    uint32_t code = (uint32_t)-request->result;

    if (request->result == 0) {
        record->eofs++;
    } else {
        record->errors[code < ERRNO_MAX ? code : ERRNO_MAX - 1]++;
    }
}

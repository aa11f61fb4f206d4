/*
 * Samples: what a job has recorded since its last sample, as the difference of
 * its histograms.  The thread that watches the run takes them while the job
 * runs.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "run/run.h"

static uint64_t lat_count(const Recorder *recorder, uint32_t index)
{
    uint64_t count = 0;

    for (int i = 0; i < DIRECTION_IO_COUNT; i++) {
        const DirectionRecord *record = recorder->directions[i];

        if (record) {
            count +=
                counter_read(&record->latencies[LATENCY_LAT].counts[index]);
        }
    }
    return count;
}

static uint32_t generation_of(const Recorder *recorder)
{
    return __atomic_load_n(&recorder->generation, __ATOMIC_ACQUIRE);
}

static uint64_t longest_lat(const Recorder *recorder)
{
    uint64_t longest = 0;

    for (int i = 0; i < DIRECTION_IO_COUNT; i++) {
        const DirectionRecord *record = recorder->directions[i];
        uint64_t max = 0;

        if (record) {
            max = counter_read(&record->latencies[LATENCY_LAT].max);
        }
        longest = max > longest ? max : longest;
    }
    return longest;
}

/* The sampler of a job; emptied if a window opened since the last sample. */
static Sampler *sampler_of(Run *run, uint32_t job, Sample *sample)
{
    uint32_t generation = generation_of(&run->jobs[job].recorder);
    Sampler *sampler = run->samplers[job];

    if (!sampler) {
        sampler = run->samplers[job] = calloc(1, sizeof(*sampler));
    }
    if (sampler && sampler->generation != generation) {
        memset(sampler, 0, sizeof(*sampler));
        sampler->generation = generation;
        sample->is_new_window = true;
    }
    return sampler;
}

static void take_differences(const Recorder *recorder, Sampler *sampler,
                             Sample *sample, uint32_t *indexes,
                             uint64_t *counts)
{
    uint64_t bytes = recorder_bytes_so_far(recorder);

    sample->bytes = bytes - sampler->bytes;
    sampler->bytes = bytes;
    for (uint32_t i = 0; i < HISTOGRAM_COUNTS; i++) {
        uint64_t count = lat_count(recorder, i);

        if (count != sampler->counts[i]) {
            indexes[sample->bins] = i;
            counts[sample->bins++] = count - sampler->counts[i];
            sample->ios += count - sampler->counts[i];
            sampler->counts[i] = count;
        }
    }
    /* After the counts, so that it is not below any latency that they count. */
    sample->max_ns = longest_lat(recorder);
}

void run_sample(Run *run, uint32_t job, Sample *sample, uint32_t *indexes,
                uint64_t *counts)
{
    const Recorder *recorder = &run->jobs[job].recorder;
    uint64_t now = clock_monotonic_ns();
    Sampler *sampler;

    *sample = (Sample){.at_ns = now};
    sampler = sampler_of(run, job, sample);
    if (!sampler) {
        return; /* no memory: the samples are empty, and the run continues */
    }
    take_differences(recorder, sampler, sample, indexes, counts);
    if (sampler->generation % 2 == 1 ||
        sampler->generation != generation_of(recorder)) {
        /* A window opened meanwhile: these counts are from before and after. */
        sampler->generation = UINT32_MAX;
        *sample = (Sample){.at_ns = now, .is_new_window = true};
    }
}

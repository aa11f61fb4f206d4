/*
 * How far a job is in each direction: what windows of a log are differences of.
 * Read while the job runs, so what belongs together may be an I/O apart.
 */
#include "run.h"

bool run_direction_totals(const Run *run, uint32_t index, uint32_t direction,
                          DirectionTotals *totals)
{
    const Job *job = &run->jobs[index];
    const DirectionRecord *record = job->recorder.directions[direction];
    JobPhase phase = __atomic_load_n(&job->phase, __ATOMIC_ACQUIRE);

    *totals = (DirectionTotals){.at_ns = clock_monotonic_ns()};
    if (!record || phase < JOB_MEASURING) {
        return false;
    }
    totals->ios = counter_read(&record->ios);
    totals->bytes = counter_read(&record->bytes);
    for (uint32_t kind = 0; kind < LATENCY_COUNT; kind++) {
        totals->latency_ns[kind] =
            counter_read(&record->latency.extremes[kind].sum);
    }
    return true;
}

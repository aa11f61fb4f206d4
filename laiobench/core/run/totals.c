/*
 * Totals of a job while it runs, over all directions and for each.  Callers
 * take differences of them, for steady states and for logs.  Other threads add
 * meanwhile, so members of one answer may differ by a few I/Os.
 */
#include "run/run.h"

bool run_direction_totals(const Run *run, uint32_t index, uint32_t direction,
                          DirectionTotals *totals, uint64_t *latency_ns)
{
    const Job *job = &run->jobs[index];
    const DirectionRecord *record = job->recorder.directions[direction];
    JobPhase phase = __atomic_load_n(&job->phase, __ATOMIC_ACQUIRE);

    *totals = (DirectionTotals){.at_ns = clock_monotonic_ns()};
    if (!record || phase < JOB_MEASURING) {
        return false;
    }
    totals->window_start_ns =
        clock_to_monotonic_ns(&run->clock, job->window_start);
    totals->ios = counter_read(&record->ios);
    totals->bytes = counter_read(&record->bytes);
    for (uint32_t i = 0; i < LATENCY_COUNT; i++) {
        latency_ns[i] = counter_read(&record->latencies[i].sum);
    }
    return true;
}

static const char *const phase_names[] = {
    [JOB_IDLE] = "idle",           [JOB_DELAYED] = "delayed",
    [JOB_RAMP] = "ramp",           [JOB_SEARCHING] = "searching",
    [JOB_MEASURING] = "measuring", [JOB_DRAINING] = "draining",
    [JOB_VERIFYING] = "verifying", [JOB_FINISHED] = "finished",
};

void run_totals(const Run *run, uint32_t index, Totals *totals)
{
    const Job *job = &run->jobs[index];
    JobPhase phase = __atomic_load_n(&job->phase, __ATOMIC_ACQUIRE);

    *totals = (Totals){
        .at_ns = clock_monotonic_ns(),
        .bytes = recorder_bytes_so_far(&job->recorder),
        .phase = phase_names[phase],
        .is_measuring = phase == JOB_MEASURING,
        .has_finished = phase == JOB_FINISHED,
    };
    if (totals->has_finished) {
        totals->has_failed =
            job->accounts.failed > 0 ||
            (job_was_cut_short(job) && job->end != JOB_END_STOPPED);
    }
    for (int i = 0; i < DIRECTION_IO_COUNT; i++) {
        const DirectionRecord *record = job->recorder.directions[i];

        totals->ios += record ? counter_read(&record->ios) : 0;
    }
}

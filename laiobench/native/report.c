#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "run.h"

/* ---- reports ------------------------------------------------------------- */

static uint64_t monotonic_ns(const Clock *clock, uint64_t ticks)
{
    return clock->start_ns +
           clock_ticks_to_ns(clock, ticks - clock->start_ticks);
}

void run_job_report(const Run *run, uint32_t index, JobReport *report)
{
    const Job *job = &run->jobs[index];
    bool finished = job_is_finished(job);
    bool is_measured = finished || job->verify_start != 0;
    uint64_t end = is_measured ? job->window_end : clock_now(&run->clock);

    *report = (JobReport){
        .submitted = job->accounts.submitted,
        .completed = job->accounts.completed,
        .failed = job->accounts.failed,
        .cancelled = job->accounts.cancelled,
        .has_finished = finished,
        .gave_up = job->end == JOB_END_ERRORS,
        .stalled = job->end == JOB_END_STALLED,
    };
    gates_report(&job->gates, &report->pacing);
    if (job->window_start != 0) {
        report->window_start_ns = monotonic_ns(&run->clock, job->window_start);
        report->window_end_ns = monotonic_ns(&run->clock, end);
    }
}

bool run_verify_report(const Run *run, uint32_t index, VerifyReport *report)
{
    const Job *job = &run->jobs[index];

    if (!job->chores.verifier) {
        return false;
    }
    verifier_report(job->chores.verifier, report);
    if (job->verify_start != 0) {
        uint64_t end = job_is_finished(job) ? job->verify_end
                                            : clock_now(&run->clock);

        report->started_ns = monotonic_ns(&run->clock, job->verify_start);
        report->ended_ns = monotonic_ns(&run->clock, end);
    }
    return true;
}

void run_verify_failure(const Run *run, uint32_t job, uint32_t index,
                        VerifyFailure *failure)
{
    verifier_failure(run->jobs[job].chores.verifier, index, failure);
}

static LatencyReport latency_report(const Histograms *histograms,
                                    LatencyKind kind)
{
    return (LatencyReport){
        .min = histograms->extremes[kind].min,
        .max = histograms->extremes[kind].max,
        .sum = histograms->extremes[kind].sum,
    };
}

/* NULL if the job has none. */
static const DirectionRecord *direction_of(const Run *run, uint32_t job,
                                           uint32_t direction)
{
    const Recorder *recorder = &run->jobs[job].recorder;

    return direction < DIRECTION_COUNT ? recorder->directions[direction] : NULL;
}

bool run_direction_report(const Run *run, uint32_t index, uint32_t direction,
                          DirectionReport *report)
{
    const DirectionRecord *record = direction_of(run, index, direction);

    if (!record) {
        return false;
    }
    *report = (DirectionReport){
        .ios = record->ios,
        .bytes = record->bytes,
        .short_ios = record->short_ios,
        .eofs = record->eofs,
        .errors = record->errors,
        .slat = latency_report(&record->latency, LATENCY_SLAT),
        .clat = latency_report(&record->latency, LATENCY_CLAT),
        .lat = latency_report(&record->latency, LATENCY_LAT),
        .response = latency_report(&record->latency, LATENCY_RESPONSE),
    };
    return true;
}

uint32_t run_latency_bins(const Run *run, uint32_t job, uint32_t direction,
                          uint32_t kind, uint32_t *indexes, uint64_t *counts)
{
    const DirectionRecord *record = direction_of(run, job, direction);
    uint32_t bins = 0;

    if (!record || kind >= LATENCY_KINDS) {
        return 0;
    }
    for (uint32_t i = 0; i < HISTOGRAM_COUNTS; i++) {
        uint64_t count = counter_read(&record->latency.counts[i][kind]);

        if (count != 0) {
            indexes[bins] = i;
            counts[bins++] = count;
        }
    }
    return bins;
}

void run_worker_report(const Run *run, uint32_t index, WorkerReport *report)
{
    const Worker *worker = &run->workers[index].worker;
    const Usage *usage = &worker->usage;
    const JobAccounts *accounts = &worker->accounts;

    *report = (WorkerReport){
        .window = worker->window,
        .life = run_is_over(run) ? worker->life
                                 : aio_context_counters(&worker->ctx),
        .usage =
            {
                .cpu_ns = usage->cpu_ns,
                .user_ns = usage->user_ns,
                .system_ns = usage->system_ns,
                .voluntary_switches = usage->voluntary_switches,
                .involuntary_switches = usage->involuntary_switches,
                .run_delay_ns = usage->run_delay_ns,
                .measured_ns = usage->measured_ns,
            },
        .submitted = accounts->submitted,
        .completed = accounts->completed,
        .failed = accounts->failed,
        .cancelled = accounts->cancelled,
        .leftover_events = worker->completion.leftover_events,
        .fdmon_fell_back = worker->ctx.fdmon_fell_back,
        .ring_is_foreign = worker->engine->is_foreign,
        .failure = worker->failure,
    };
}

void run_clock_report(const Run *run, ClockReport *report)
{
    *report = (ClockReport){
        .hardware = run->clock.hardware,
        .read_ns = run->clock.read_ns,
        .drift_ppm = clock_drift_ppm(&run->clock),
    };
}

/* ---- samples --------------------------------------------------------------- */

static uint64_t lat_count(const Recorder *recorder, uint32_t index)
{
    uint64_t count = 0;

    for (int i = 0; i < DIRECTION_SYNC; i++) { /* a sync is no I/O of the results */
        const DirectionRecord *record = recorder->directions[i];

        if (record) {
            count += counter_read(&record->latency.counts[index][LATENCY_LAT]);
        }
    }
    return count;
}

static uint64_t bytes_so_far(const Recorder *recorder)
{
    uint64_t bytes = 0;

    for (int i = 0; i < DIRECTION_COUNT; i++) {
        const DirectionRecord *record = recorder->directions[i];

        bytes += record ? counter_read(&record->bytes) : 0;
    }
    return bytes;
}

static uint32_t generation_of(const Recorder *recorder)
{
    return __atomic_load_n(&recorder->generation, __ATOMIC_ACQUIRE);
}

static uint64_t longest_lat(const Recorder *recorder)
{
    uint64_t longest = 0;

    for (int i = 0; i < DIRECTION_SYNC; i++) {
        const DirectionRecord *record = recorder->directions[i];
        uint64_t max = 0;

        if (record) {
            max = counter_read(&record->latency.extremes[LATENCY_LAT].max);
        }
        longest = max > longest ? max : longest;
    }
    return longest;
}

/* The sampler of a job, emptied if its window has opened since. */
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
    uint64_t bytes = bytes_so_far(recorder);

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
    /* After the counts: what they count is within it. */
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
        return; /* without memory there are no samples, and the run goes on */
    }
    take_differences(recorder, sampler, sample, indexes, counts);
    if (sampler->generation % 2 == 1 ||
        sampler->generation != generation_of(recorder)) {
        /* The window is just opening: what was read is of neither side. */
        sampler->generation = UINT32_MAX;
        *sample = (Sample){.at_ns = now, .is_new_window = true};
    }
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
        .bytes = bytes_so_far(&job->recorder),
        .phase = phase_names[phase],
        .is_measuring = phase == JOB_MEASURING,
        .has_finished = phase == JOB_FINISHED,
    };
    if (totals->has_finished) {
        totals->has_failed = job->accounts.failed > 0 ||
                             (job->end != JOB_END_COMPLETE &&
                              job->end != JOB_END_STOPPED);
    }
    for (int i = 0; i < DIRECTION_COUNT; i++) {
        const DirectionRecord *record = job->recorder.directions[i];

        totals->ios += record ? counter_read(&record->ios) : 0;
    }
}

/* ---- what is not back ------------------------------------------------------ */

/* False if it is back, or went out anew while we looked. */
static bool look_at_request(const Request *request, const Clock *clock,
                            uint64_t now, InFlightReport *report)
{
    uint64_t queued = counter_read(&request->queued);
    Request copy = {
        .op = __atomic_load_n(&request->op, __ATOMIC_RELAXED),
        .offset = __atomic_load_n(&request->offset, __ATOMIC_RELAXED),
        .bytes = __atomic_load_n(&request->bytes, __ATOMIC_RELAXED),
    };
    RequestState state = __atomic_load_n(&request->state, __ATOMIC_ACQUIRE);

    if ((state != REQUEST_PENDING && state != REQUEST_IN_FLIGHT) ||
        counter_read(&request->queued) != queued) {
        return false;
    }
    *report = (InFlightReport){
        .direction = recorder_direction(&copy),
        .bytes = copy.bytes,
        .offset = copy.offset,
        .age_ns = now > queued ? clock_ticks_to_ns(clock, now - queued) : 0,
    };
    return true;
}

/* Into @sorted, which holds @count of at most @max, the oldest first. */
static uint32_t insert_by_age(InFlightReport *sorted, uint32_t count,
                              uint32_t max, const InFlightReport *report)
{
    uint32_t at = count;

    while (at > 0 && sorted[at - 1].age_ns < report->age_ns) {
        at--;
    }
    if (at == max) {
        return count;
    }
    count += count < max;
    memmove(&sorted[at + 1], &sorted[at],
            (count - 1 - at) * sizeof(sorted[0]));
    sorted[at] = *report;
    return count;
}

uint32_t run_in_flight(const Run *run, uint32_t index, InFlightReport *oldest,
                       uint32_t max)
{
    const Job *job = &run->jobs[index];
    uint64_t now = clock_now(&run->clock);
    uint32_t in_flight = 0, kept = 0;
    InFlightReport report;

    for (uint32_t i = 0; i < job->config.iodepth; i++) {
        if (look_at_request(&job->memory.requests[i], &run->clock, now, &report)) {
            in_flight++;
            kept = insert_by_age(oldest, kept, max, &report);
        }
    }
    return in_flight;
}

/* ---- facts ----------------------------------------------------------------- */

const char *core_source_hash(void)
{
    return CORE_SOURCE_HASH;
}

#define _GNU_SOURCE
#include "run/run.h"

/* ---- reports ------------------------------------------------------------- */

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
    admission_report(&job->admission, &report->pacing);
    if (job->window_start != 0) {
        report->window_start_ns =
            clock_to_monotonic_ns(&run->clock, job->window_start);
        report->window_end_ns = clock_to_monotonic_ns(&run->clock, end);
    }
}

bool run_verify_report(const Run *run, uint32_t index, VerifyReport *report)
{
    const Job *job = &run->jobs[index];

    if (!job->side_io.verifier) {
        return false;
    }
    verifier_report(job->side_io.verifier, report);
    if (job->verify_start != 0) {
        uint64_t end = job_is_finished(job) ? job->verify_end
                                            : clock_now(&run->clock);

        report->started_ns =
            clock_to_monotonic_ns(&run->clock, job->verify_start);
        report->ended_ns = clock_to_monotonic_ns(&run->clock, end);
    }
    return true;
}

void run_verify_failure(const Run *run, uint32_t job, uint32_t index,
                        VerifyFailure *failure)
{
    verifier_failure(run->jobs[job].side_io.verifier, index, failure);
}

/* NULL if the job does not have this direction. */
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
    };
    return true;
}

bool run_latency_report(const Run *run, uint32_t job, uint32_t direction,
                        uint32_t latency, LatencyReport *report,
                        uint32_t *indexes, uint64_t *counts)
{
    const DirectionRecord *record = direction_of(run, job, direction);
    const Histogram *histogram;

    if (!record || latency >= LATENCY_COUNT) {
        return false;
    }
    histogram = &record->latencies[latency];
    *report = (LatencyReport){
        .min = histogram->min,
        .max = histogram->max,
        .sum = histogram->sum,
    };
    for (uint32_t i = 0; i < HISTOGRAM_COUNTS; i++) {
        uint64_t count = counter_read(&histogram->counts[i]);

        if (count != 0) {
            indexes[report->bins] = i;
            counts[report->bins++] = count;
        }
    }
    return true;
}

void run_worker_report(const Run *run, uint32_t index, WorkerReport *report)
{
    const Worker *worker = &run->workers[index].worker;
    const ThreadUsage *usage = &worker->usage;
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
                .kernel_workers_ns = usage->kernel.workers_ns,
                .kernel_worker_wakeups = usage->kernel.worker_wakeups,
                .kernel_poller_ns = usage->kernel.poller_ns,
                .measured_ns = usage->measured_ns,
            },
        .submitted = accounts->submitted,
        .completed = accounts->completed,
        .failed = accounts->failed,
        .cancelled = accounts->cancelled,
        .leftover_events = worker->completion.leftover_events,
        .fdmon_fell_back = worker->ctx.fdmon_fell_back,
        .ready_needs_syscall = worker->engine->ready_needs_syscall,
        .set_up = worker->engine->set_up,
        .cpus_changed = worker->cpus_changed,
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

/* ---- facts --------------------------------------------------------------- */

const char *core_source_hash(void)
{
    return CORE_SOURCE_HASH;
}

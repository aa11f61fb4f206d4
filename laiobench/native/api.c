#define _GNU_SOURCE
#include "api.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "iothread.h"

_Static_assert(HISTOGRAM_COUNTS == HISTOGRAM_BUCKETS + 1 &&
                   ERRNO_COUNT == ERRNO_MAX,
               "the contract names the core's sizes");

/* Of a job: what the last sample saw. */
typedef struct Sampler {
    uint32_t generation;
    uint64_t bytes;
    uint64_t counts[HISTOGRAM_COUNTS];
} Sampler;

typedef struct Worker {
    IOThread iothread;
    Job *jobs;
    Sampler **samplers; /* of each job; made at its first sample */
    uint32_t job_count;
    uint32_t jobs_made;
} Worker;

struct Run {
    Clock clock;
    Worker *workers;
    uint32_t worker_count; /* whose thread runs */
    uint32_t unfinished;   /* atomic: workers */
    EventNotifier finished; /* set by each that has */
};

/* ---- plan → configuration ------------------------------------------------ */

static JobConfig job_config(const JobPlan *plan)
{
    return (JobConfig){
        .fd = plan->fd,
        .iodepth = plan->iodepth,
        .workload =
            {
                .start = plan->region_start,
                .blocks = plan->region_blocks,
                .block_bytes = plan->block_bytes,
                .read_percent = plan->read_percent,
                .random = plan->random,
                .use_map = plan->use_random_map,
                .seed = plan->seed,
            },
        .ios = plan->ios ? plan->ios : JOB_UNLIMITED,
        .ramp_ns = plan->ramp_ns,
        .runtime_ns = plan->runtime_ns,
        .seed = plan->seed,
        .continue_on_error = plan->continue_on_error,
    };
}

static int iothread_config(const IOThreadPlan *plan, IOThreadConfig *config,
                           Error *error)
{
    uint32_t depth = 0;

    for (uint32_t i = 0; i < plan->job_count; i++) {
        depth += plan->jobs[i].iodepth;
    }
    *config = (IOThreadConfig){
        .fdmon = plan->ppoll ? FDMON_PPOLL : FDMON_EPOLL,
        .completion = completion_find(plan->completion),
        .engine = engine_find(plan->engine),
        .engine_config =
            {
                .max_requests = depth,
                .max_events = depth,
                .max_batch = plan->max_batch,
                .notify = plan->resfd,
                .reap_on_submit = plan->reap_on_submit,
                .strict_short_io = plan->strict_short_io,
                .null_latency_ns = plan->null_latency_ns,
                .null_jitter = plan->null_jitter,
                .null_servers = plan->null_servers,
                .seed = plan->jobs[0].seed,
            },
        .min_nr = plan->complete_min,
        .cpus = plan->cpus,
        .cpu_count = plan->cpu_count,
    };
    strncpy(config->name, plan->name, sizeof(config->name) - 1);
    if (!config->completion || !config->engine) {
        return error_set(error, "plan", EINVAL, 0);
    }
    return 0;
}

/* ---- life ------------------------------------------------------------------ */

/* On the IOThread.  The notifier only ends run_wait()'s sleep. */
static void worker_finished(void *opaque)
{
    Run *run = opaque;

    /* Release: pairs with the acquire in run_wait(); the reports are whole. */
    __atomic_fetch_sub(&run->unfinished, 1, __ATOMIC_RELEASE);
    event_notifier_set(&run->finished);
}

static void free_jobs(Worker *worker)
{
    for (uint32_t i = 0; i < worker->jobs_made; i++) {
        job_cleanup(&worker->jobs[i]);
        free(worker->samplers[i]);
    }
    free(worker->jobs);
    free(worker->samplers);
}

static int make_jobs(Run *run, Worker *worker, const IOThreadPlan *plan,
                     Error *error)
{
    worker->jobs = calloc(plan->job_count, sizeof(*worker->jobs));
    worker->samplers = calloc(plan->job_count, sizeof(*worker->samplers));
    worker->job_count = plan->job_count;
    if (!worker->jobs || !worker->samplers) {
        return error_set(error, "malloc", ENOMEM, 0);
    }
    for (uint32_t i = 0; i < plan->job_count; i++) {
        JobConfig config = job_config(&plan->jobs[i]);
        int ret = job_init(&worker->jobs[i], &config, &run->clock, error);

        if (ret < 0) {
            return ret;
        }
        worker->jobs_made++;
    }
    return 0;
}

static int make_worker(Run *run, Worker *worker, const IOThreadPlan *plan,
                       Error *error)
{
    IOThreadConfig config;
    int ret = iothread_config(plan, &config, error);

    if (ret == 0) {
        ret = make_jobs(run, worker, plan, error);
    }
    if (ret == 0) {
        ret = iothread_init(&worker->iothread, &config, worker->jobs,
                            worker->job_count, &run->clock, worker_finished,
                            run, error);
    }
    if (ret < 0) {
        free_jobs(worker);
    }
    return ret;
}

Run *run_new(const RunPlan *plan, Error *error)
{
    Run *run = calloc(1, sizeof(*run));

    if (!run) {
        error_set(error, "malloc", ENOMEM, sizeof(*run));
        return NULL;
    }
    if (event_notifier_init(&run->finished, error) < 0) {
        free(run);
        return NULL;
    }
    clock_init(&run->clock);
    run->unfinished = plan->iothread_count;
    run->workers = calloc(plan->iothread_count, sizeof(*run->workers));
    if (!run->workers) {
        error_set(error, "malloc", ENOMEM, 0);
        run_free(run);
        return NULL;
    }
    for (uint32_t i = 0; i < plan->iothread_count; i++) {
        if (make_worker(run, &run->workers[i], &plan->iothreads[i], error) <
            0) {
            run_free(run);
            return NULL;
        }
        run->worker_count++;
    }
    return run;
}

void run_free(Run *run)
{
    for (uint32_t i = 0; i < run->worker_count; i++) {
        iothread_cleanup(&run->workers[i].iothread);
        free_jobs(&run->workers[i]);
    }
    free(run->workers);
    event_notifier_cleanup(&run->finished);
    free(run);
}

void run_start(Run *run)
{
    for (uint32_t i = 0; i < run->worker_count; i++) {
        iothread_start_jobs(&run->workers[i].iothread);
    }
}

static bool all_have_finished(const Run *run)
{
    /* Acquire: pairs with the release in worker_finished(). */
    return __atomic_load_n(&run->unfinished, __ATOMIC_ACQUIRE) == 0;
}

bool run_wait(Run *run, int timeout_ms)
{
    struct pollfd finished = {.fd = run->finished.read_fd, .events = POLLIN};
    uint64_t value;

    if (!all_have_finished(run) && poll(&finished, 1, timeout_ms) > 0) {
        event_notifier_test_and_clear(&run->finished, &value);
    }
    return all_have_finished(run);
}

void run_stop(Run *run)
{
    for (uint32_t i = 0; i < run->worker_count; i++) {
        iothread_drain_jobs(&run->workers[i].iothread);
    }
}

/* ---- reports ------------------------------------------------------------- */

static uint64_t monotonic_ns(const Clock *clock, uint64_t ticks)
{
    return clock->start_ns +
           clock_ticks_to_ns(clock, ticks - clock->start_ticks);
}

void run_job_report(const Run *run, uint32_t iothread, uint32_t index,
                    JobReport *report)
{
    const Job *job = &run->workers[iothread].jobs[index];
    bool finished = job_is_finished(job);
    uint64_t end = finished ? job->window_end : clock_now(&run->clock);

    *report = (JobReport){
        .submitted = job->submitted,
        .completed = job->completed,
        .failed = job->failed,
        .cancelled = job->cancelled,
        .has_finished = finished,
        .gave_up = job->end == JOB_END_ERRORS,
    };
    if (job->window_start != 0) {
        report->window_start_ns = monotonic_ns(&run->clock, job->window_start);
        report->window_end_ns = monotonic_ns(&run->clock, end);
    }
}

static LatencyReport latency_report(const Histogram *histogram)
{
    return (LatencyReport){
        .min = histogram->min,
        .max = histogram->max,
        .sum = histogram->sum,
        .counts = histogram->counts,
    };
}

bool run_direction_report(const Run *run, uint32_t iothread, uint32_t index,
                          uint32_t direction, DirectionReport *report)
{
    const Recorder *recorder = &run->workers[iothread].jobs[index].recorder;
    const DirectionRecord *record =
        direction < DIRECTION_COUNT ? recorder->directions[direction] : NULL;

    if (!record) {
        return false;
    }
    *report = (DirectionReport){
        .ios = record->ios,
        .bytes = record->bytes,
        .short_ios = record->short_ios,
        .eofs = record->eofs,
        .errors = record->errors,
        .slat = latency_report(&record->latency[LATENCY_SLAT]),
        .clat = latency_report(&record->latency[LATENCY_CLAT]),
        .lat = latency_report(&record->latency[LATENCY_LAT]),
    };
    return true;
}

static Counters counters_between(const Counters *from, const Counters *to)
{
    Counters between;
    const uint64_t *a = (const uint64_t *)from, *b = (const uint64_t *)to;
    uint64_t *difference = (uint64_t *)&between;

    for (size_t i = 0; i < sizeof(Counters) / sizeof(uint64_t); i++) {
        difference[i] = b[i] - a[i];
    }
    between.other.in_flight_max = to->other.in_flight_max; /* no sum */
    return between;
}

static UsageReport usage_between(const Usage *from, const Usage *to)
{
    return (UsageReport){
        .user_ns = to->user_ns - from->user_ns,
        .system_ns = to->system_ns - from->system_ns,
        .voluntary_switches = to->voluntary_switches - from->voluntary_switches,
        .involuntary_switches =
            to->involuntary_switches - from->involuntary_switches,
        .run_delay_ns = to->run_delay_ns - from->run_delay_ns,
    };
}

void run_iothread_report(const Run *run, uint32_t index,
                         IOThreadReport *report)
{
    const IOThread *iothread = &run->workers[index].iothread;
    bool finished =
        __atomic_load_n(&iothread->has_closed_window, __ATOMIC_ACQUIRE);
    Counters at_close = finished ? iothread->at_close
                                 : aio_context_counters(&iothread->ctx);
    const Usage *used_at_close =
        finished ? &iothread->used_at_close : &iothread->used_at_open;

    *report = (IOThreadReport){
        .window = counters_between(&iothread->at_open, &at_close),
        .life = at_close,
        .usage = usage_between(&iothread->used_at_open, used_at_close),
        .leftover_events = iothread->completion.leftover_events,
        .fdmon_fell_back = iothread->ctx.fdmon_fell_back,
        .ring_is_foreign = iothread->engine->is_foreign,
        .failure = iothread->error,
    };
    for (uint32_t i = 0; i < iothread->job_count; i++) {
        report->window.other.completed_in_submit +=
            iothread->jobs[i].recorder.completed_in_submit;
    }
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

    for (int i = 0; i < DIRECTION_COUNT; i++) {
        const DirectionRecord *record = recorder->directions[i];

        if (record) {
            count += counter_read(&record->latency[LATENCY_LAT].counts[index]);
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

/* The sampler of a job, emptied if its window has opened since. */
static Sampler *sampler_of(Worker *worker, uint32_t job, Sample *sample)
{
    const Recorder *recorder = &worker->jobs[job].recorder;
    uint32_t generation =
        __atomic_load_n(&recorder->generation, __ATOMIC_ACQUIRE);
    Sampler *sampler = worker->samplers[job];

    if (!sampler) {
        sampler = worker->samplers[job] = calloc(1, sizeof(*sampler));
    }
    if (sampler && sampler->generation != generation) {
        memset(sampler, 0, sizeof(*sampler));
        sampler->generation = generation;
        sample->is_new_window = true;
    }
    return sampler;
}

void run_sample(Run *run, uint32_t iothread, uint32_t job, Sample *sample,
                uint32_t *indexes, uint64_t *counts)
{
    Worker *worker = &run->workers[iothread];
    const Recorder *recorder = &worker->jobs[job].recorder;
    Sampler *sampler;
    uint64_t bytes;

    *sample = (Sample){.at_ns = clock_monotonic_ns()};
    sampler = sampler_of(worker, job, sample);
    if (!sampler) {
        return; /* without memory there are no samples, and the run goes on */
    }
    bytes = bytes_so_far(recorder);
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
}

/* ---- facts ----------------------------------------------------------------- */

const char *core_source_hash(void)
{
    return CORE_SOURCE_HASH;
}

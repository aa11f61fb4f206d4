#define _GNU_SOURCE
#include "run/run.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "run/run_plan.h"

_Static_assert(HISTOGRAM_COUNTS == HISTOGRAM_BUCKETS + 1 &&
                   ERRNO_COUNT == ERRNO_MAX,
               "the contract names the core's sizes");

/* ---- life ---------------------------------------------------------------- */

/* Any thread; only the first call for a job hands it over. */
static void hand_over(Run *run, uint32_t job)
{
    if (!__atomic_exchange_n(&run->waits[job].is_over, true,
                             __ATOMIC_ACQ_REL)) {
        worker_hand_over(&run->workers[run->first_worker[job]].worker,
                         &run->jobs[job]);
    }
}

/* Hand over the jobs that waited for @job, and for no other unfinished one. */
static void release_waiting(Run *run, uint32_t job)
{
    for (uint32_t i = 0; i < run->job_count; i++) {
        Wait *wait = &run->waits[i];

        if (job - wait->first < wait->count &&
            __atomic_sub_fetch(&wait->unfinished, 1, __ATOMIC_ACQ_REL) == 0) {
            hand_over(run, i);
        }
    }
}

/* Runs on the worker's thread.  The notifier only ends run_wait()'s sleep. */
static void job_finished(void *opaque, Job *job)
{
    Run *run = opaque;

    release_waiting(run, (uint32_t)(job - run->jobs));
    /* Release: pairs with run_is_over(), after which reports are complete. */
    __atomic_fetch_sub(&run->unfinished, 1, __ATOMIC_RELEASE);
    event_notifier_set(&run->finished);
}

static void end_slice(void *opaque)
{
    Run *run = opaque;

    run->slice_is_over = true;
}

static int make_throttle_groups(Run *run, const RunPlan *plan, Error *error)
{
    run->throttles = calloc(plan->throttle_count, sizeof(*run->throttles));
    if (!run->throttles && plan->throttle_count > 0) {
        return error_set(error, "malloc", ENOMEM, 0);
    }
    for (uint32_t i = 0; i < plan->throttle_count; i++) {
        ThrottleLimits limits = {
            .ios_per_s = plan->throttles[i].ios_per_s,
            .bytes_per_s = plan->throttles[i].bytes_per_s,
            .burst_ns = plan->throttles[i].burst_ns,
        };

        throttle_group_init(&run->throttles[i], &limits, &run->clock);
        run->throttle_count++;
    }
    return 0;
}

static int make_jobs(Run *run, const RunPlan *plan, Error *error)
{
    run->jobs = calloc(plan->job_count, sizeof(*run->jobs));
    run->first_worker = calloc(plan->job_count, sizeof(*run->first_worker));
    run->samplers = calloc(plan->job_count, sizeof(*run->samplers));
    run->waits = calloc(plan->job_count, sizeof(*run->waits));
    if (!run->jobs || !run->first_worker || !run->samplers || !run->waits) {
        return error_set(error, "malloc", ENOMEM, 0);
    }
    for (uint32_t i = 0; i < plan->job_count; i++) {
        JobConfig config = run_job_config(&plan->jobs[i], run->throttles);
        int ret = job_init(&run->jobs[i], &config, &run->clock, error);

        if (ret < 0) {
            return ret;
        }
        run->first_worker[i] = plan->jobs[i].worker;
        run->waits[i] = (Wait){
            .first = plan->jobs[i].wait_for,
            .count = plan->jobs[i].wait_for_count,
            .unfinished = plan->jobs[i].wait_for_count,
        };
        run->job_count++;
    }
    run->unfinished = run->job_count;
    return 0;
}

static int open_worker(Run *run, RunWorker *worker, const WorkerPlan *plan,
                       Error *error)
{
    IOThreadConfig config = {
        .name = plan->name,
        .cpus = plan->cpus,
        .cpu_count = plan->cpu_count,
        .nice = plan->nice,
    };
    int ret;

    if (plan->is_main) {
        worker->is_main = true;
        run->main = worker;
        timer_init(&run->slice, &worker->worker.ctx, end_slice, run);
        ret = worker_open(&worker->worker, error);
    } else {
        ret =
            iothread_start(&worker->iothread, &worker->worker, &config, error);
    }
    worker->is_open = ret == 0;
    return ret;
}

static int configure(Run *run, const RunPlan *plan, uint32_t index,
                     WorkerConfig *config, Error *error)
{
    EngineUser *users;
    int ret = run_worker_config(plan, index, config, error);

    if (ret < 0) {
        return ret;
    }
    users = run_worker_users(plan, run->jobs, index,
                             &config->engine_config.user_count);
    if (!users) {
        return error_set(error, "malloc", ENOMEM, 0);
    }
    run->workers[index].users = users;
    config->engine_config.users = users;
    return 0;
}

static int make_workers(Run *run, const RunPlan *plan, Error *error)
{
    run->workers = calloc(plan->worker_count, sizeof(*run->workers));
    if (!run->workers) {
        return error_set(error, "malloc", ENOMEM, 0);
    }
    for (uint32_t i = 0; i < plan->worker_count; i++) {
        RunWorker *worker = &run->workers[i];
        WorkerConfig config;
        int ret = configure(run, plan, i, &config, error);

        if (ret == 0) {
            ret = worker_init(&worker->worker, &config, &run->clock, &run->go,
                              job_finished, run, error);
        }
        if (ret < 0) {
            free(worker->users);
            return ret;
        }
        run->worker_count++;
        worker->worker.next = &run->workers[plan->workers[i].next].worker;
        ret = open_worker(run, worker, &plan->workers[i], error);
        if (ret < 0) {
            return ret;
        }
    }
    return 0;
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
    if (make_throttle_groups(run, plan, error) < 0 ||
        make_jobs(run, plan, error) < 0 || make_workers(run, plan, error) < 0) {
        run_free(run);
        return NULL;
    }
    return run;
}

/*
 * First all threads end, so that no job is on its way to a worker; then the
 * workers are freed.
 */
void run_free(Run *run)
{
    for (uint32_t i = 0; i < run->worker_count; i++) {
        RunWorker *worker = &run->workers[i];

        if (worker->is_open && !worker->is_main) {
            iothread_join(&worker->iothread);
        }
    }
    if (run->main && run->main->is_open) {
        timer_disarm(&run->slice);
        worker_close(&run->main->worker);
    }
    for (uint32_t i = 0; i < run->worker_count; i++) {
        worker_cleanup(&run->workers[i].worker);
        free(run->workers[i].users);
    }
    for (uint32_t i = 0; i < run->job_count; i++) {
        job_cleanup(&run->jobs[i]);
        free(run->samplers[i]);
    }
    for (uint32_t i = 0; i < run->throttle_count; i++) {
        throttle_group_cleanup(&run->throttles[i]);
    }
    free(run->throttles);
    free(run->workers);
    free(run->jobs);
    free(run->first_worker);
    free(run->samplers);
    free(run->waits);
    event_notifier_cleanup(&run->finished);
    free(run);
}

void run_start(Run *run)
{
    uint64_t now = clock_now(&run->clock);

    for (uint32_t i = 0; i < run->job_count; i++) {
        uint64_t delay_ns = run->jobs[i].config.pacing.start_delay_ns;

        if (delay_ns > 0) {
            run->jobs[i].begin_at = now +
                                    clock_ns_to_ticks(&run->clock, delay_ns);
        }
        if (run->waits[i].count == 0) {
            hand_over(run, i);
        }
    }
    /* Release: pairs with the acquire in arrive(). */
    __atomic_store_n(&run->go, true, __ATOMIC_RELEASE);
}

bool run_is_over(const Run *run)
{
    /* Acquire: pairs with the release in job_finished(). */
    return __atomic_load_n(&run->unfinished, __ATOMIC_ACQUIRE) == 0;
}

/* The main worker's jobs run in the thread that waits. */
static void run_main(Run *run, int timeout_ms)
{
    Worker *worker = &run->main->worker;
    uint64_t ns = timeout_ms < 0 ? UINT64_C(1000000000)
                                 : (uint64_t)timeout_ms * 1000000;

    run->slice_is_over = false;
    timer_arm(&run->slice, aio_context_read_clock(&worker->ctx) +
                               clock_ns_to_ticks(&run->clock, ns));
    while (!run->slice_is_over && !run_is_over(run)) {
        worker_run_once(worker);
    }
    timer_disarm(&run->slice);
}

bool run_wait(Run *run, int timeout_ms)
{
    struct pollfd finished = {.fd = run->finished.read_fd, .events = POLLIN};
    uint64_t value;

    if (run->main) {
        run_main(run, timeout_ms);
    } else if (!run_is_over(run) && poll(&finished, 1, timeout_ms) > 0) {
        event_notifier_test_and_clear(&run->finished, &value);
    }
    return run_is_over(run);
}

/* A job on its way to another worker sees the request when it arrives. */
static void request_stop(Run *run, uint32_t job)
{
    __atomic_store_n(&run->jobs[job].stop_requested, true, __ATOMIC_RELAXED);
    hand_over(run, job); /* if it waits for others: it ends on arrival */
}

void run_stop_job(Run *run, uint32_t job)
{
    request_stop(run, job);
    for (uint32_t i = 0; i < run->worker_count; i++) {
        worker_check_stop(&run->workers[i].worker);
    }
}

void run_stop(Run *run)
{
    for (uint32_t i = 0; i < run->job_count; i++) {
        request_stop(run, i);
    }
    for (uint32_t i = 0; i < run->worker_count; i++) {
        worker_check_stop(&run->workers[i].worker);
    }
}

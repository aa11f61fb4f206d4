#define _GNU_SOURCE
#include "run/worker.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "loop/aio_wait.h"
#include "loop/bottom_half.h"
#include "engines/engine_calls.h"
#include "base/compiler.h"

/* Batches of completions to handle before the next round of the loop. */
#define BATCHES_PER_ROUND 8

/* Usage of its thread, and of all others that work for its engine. */
static ThreadUsage read_usage(const Worker *worker)
{
    return thread_usage_read(worker->schedstat_fd, worker->engine);
}

/* ---- sums -------------------------------------------------------------- */

/* Add @to minus @from to @sum.  All three have only members of uint64_t. */
static void add_difference(void *sum, const void *from, const void *to,
                           size_t bytes)
{
    uint64_t *into = sum;
    const uint64_t *a = from, *b = to;

    for (size_t i = 0; i < bytes / sizeof(uint64_t); i++) {
        into[i] += b[i] - a[i];
    }
}

static void enter_window(Worker *worker, Job *job)
{
    uint64_t opened_ns;

    job->is_in_window = true;
    if (worker->jobs_in_window++ == 0) {
        worker->at_open = aio_context_counters(&worker->ctx);
        opened_ns = clock_monotonic_ns(); /* before: it contains the usage */
        worker->used_at_open = read_usage(worker);
        worker->used_at_open.measured_ns = opened_ns;
    }
}

static void leave_window(Worker *worker, Job *job)
{
    Counters now;
    ThreadUsage used;

    if (!job->is_in_window) {
        return;
    }
    job->is_in_window = false;
    if (--worker->jobs_in_window > 0) {
        return;
    }
    now = aio_context_counters(&worker->ctx);
    used = read_usage(worker);
    used.measured_ns = clock_monotonic_ns();
    add_difference(&worker->window, &worker->at_open, &now, sizeof(now));
    add_difference(&worker->usage, &worker->used_at_open, &used, sizeof(used));
    worker->window.other.in_flight_max = now.other.in_flight_max; /* no sum */
}

/* ---- jobs come and go --------------------------------------------------- */

static void remove_job(Worker *worker, Job *job)
{
    leave_window(worker, job);
    add_difference(&worker->accounts, &job->at_attach, &job->accounts,
                   sizeof(job->accounts));
    TAILQ_REMOVE(&worker->jobs, job, node);
    job_detach(job);
    if (--worker->job_count == 0) {
        completion_read_leftover(&worker->completion);
        worker->life = aio_context_counters(&worker->ctx);
    }
}

static void window_opens(void *opaque, Job *job)
{
    enter_window(opaque, job);
}

static void window_closes(void *opaque, Job *job)
{
    leave_window(opaque, job);
}

static void job_moves(void *opaque, Job *job)
{
    Worker *worker = opaque;

    remove_job(worker, job);
    worker_hand_over(worker->next, job);
}

/* Another program may have changed it, or its only CPU went offline. */
static void check_cpus(Worker *worker)
{
    ThreadCpus now = thread_cpus_read();

    worker->cpus_changed |= !thread_cpus_equal(&now, &worker->cpus);
}

static void job_ends(void *opaque, Job *job)
{
    Worker *worker = opaque;

    check_cpus(worker);
    remove_job(worker, job);
    if (worker->ctx.failure.code != 0) {
        worker->failure = worker->ctx.failure;
    }
    worker->job_finished(worker->opaque, job);
}

static const JobEvents job_events = {
    .measuring = window_opens,
    .measured = window_closes,
    .may_move = job_moves,
    .finished = job_ends,
};

static void receive(Worker *worker, Job *job)
{
    bool goes_on = job_is_measuring(job);

    TAILQ_INSERT_TAIL(&worker->jobs, job, node);
    worker->job_count++;
    job->at_attach = job->accounts;
    if (goes_on) {
        enter_window(worker, job);
    }
    job_attach(job, &worker->ctx, worker->engine, &job_events, worker);
    if (job_is_asked_to_stop(job)) {
        job_stop(job, JOB_END_STOPPED);
    } else if (worker->ctx.failure.code != 0) {
        job_stop(job, JOB_END_LOOP_FAILED);
    }
}

/*
 * Runs on the home thread.  Until all jobs are handed over it schedules itself
 * again.  So all jobs begin together, and no notification of an arrival
 * disturbs what they measure.
 */
static void arrive(void *opaque)
{
    Worker *worker = opaque;
    Job *newest, *oldest = NULL;

    if (!__atomic_load_n(worker->go, __ATOMIC_ACQUIRE)) {
        bh_schedule(worker->arrive_bh);
        return;
    }
    /* Acquire: pairs with worker_hand_over(). */
    newest = __atomic_exchange_n(&worker->arrivals, NULL, __ATOMIC_ACQUIRE);
    while (newest) { /* a stack: reverse it */
        Job *job = newest;

        newest = job->next_arrival;
        job->next_arrival = oldest;
        oldest = job;
    }
    while (oldest) {
        Job *job = oldest;

        oldest = job->next_arrival;
        receive(worker, job);
    }
}

void worker_hand_over(Worker *worker, Job *job)
{
    Job *head = __atomic_load_n(&worker->arrivals, __ATOMIC_RELAXED);

    do {
        job->next_arrival = head;
        /* Release: pairs with arrive(), which sees all changes to the job. */
    } while (!__atomic_compare_exchange_n(&worker->arrivals, &head, job, true,
                                          __ATOMIC_RELEASE, __ATOMIC_RELAXED));
    bh_schedule(worker->arrive_bh);
}

static void stop_jobs(Worker *worker, bool only_if_asked, JobEnd why)
{
    Job *job, *next;

    for (job = TAILQ_FIRST(&worker->jobs); job; job = next) {
        next = TAILQ_NEXT(job, node); /* job_stop() may remove the job */
        if (!only_if_asked || job_is_asked_to_stop(job)) {
            job_stop(job, why);
        }
    }
}

static void drain(void *opaque)
{
    stop_jobs(opaque, true, JOB_END_STOPPED);
}

void worker_check_stop(Worker *worker)
{
    bh_schedule(worker->drain_bh);
}

/* ---- the loop ------------------------------------------------------------ */

/*
 * Record the requests that are done, and refill, all in one plug, so that the
 * refills are submitted together.  Handles only the requests that are on the
 * list now, since with a target that completes inside submit there would be no
 * end.  The newest first: at large depths only the newest buffers are still in
 * the CPU's cache.
 */
static void handle_done(Worker *worker)
{
    uint32_t n = done_list_count(&worker->done);

    if (n > 1) { /* a single one needs no plug */
        engine_plug(worker->engine);
    }
    for (uint32_t i = n; i-- > 0;) {
        Request *request = done_list_at(&worker->done, i);

        job_handle(request->target->owner, request);
    }
    done_list_drop(&worker->done, n);
    if (n > 1) {
        engine_unplug(worker->engine);
    }
}

/*
 * The loop itself has failed, so its jobs end; but first all requests in
 * flight must complete.
 */
static void run_without_loop(Worker *worker)
{
    stop_jobs(worker, false, JOB_END_LOOP_FAILED);
    while (worker->job_count > 0) {
        completion_serve_without_loop(&worker->completion);
        handle_done(worker);
    }
}

/*
 * Up to BATCHES_PER_ROUND batches that follow each other at once share one
 * round of the loop, as long as the loop has nothing else to do.
 */
static HOT_PATH void handle_batches(Worker *worker)
{
    int left = BATCHES_PER_ROUND;

    do {
        handle_done(worker);
    } while (--left > 0 && aio_only_polls(&worker->ctx) &&
             completion_poll_once(&worker->completion));
}

void worker_run_once(Worker *worker)
{
    aio_poll(&worker->ctx, done_list_count(&worker->done) == 0);
    if (done_list_count(&worker->done) > 0) {
        handle_batches(worker);
    }
    if (__builtin_expect(worker->ctx.failure.code != 0, 0) &&
        worker->job_count > 0) {
        run_without_loop(worker);
    }
}

/* ---- life ---------------------------------------------------------------- */

static void delete_bottom_halves(Worker *worker)
{
    if (worker->arrive_bh) {
        bh_delete(worker->arrive_bh);
    }
    if (worker->drain_bh) {
        bh_delete(worker->drain_bh);
    }
}

int worker_init(Worker *worker, const WorkerConfig *config, const Clock *clock,
                const bool *go, void (*job_finished)(void *opaque, Job *job),
                void *opaque, Error *error)
{
    int ret;

    *worker = (Worker){
        .config = *config,
        .go = go,
        .job_finished = job_finished,
        .opaque = opaque,
        .schedstat_fd = -1,
    };
    TAILQ_INIT(&worker->jobs);
    /* Twice: requests are added while handle_done() goes through the list. */
    if (done_list_init(&worker->done, 2 * config->engine_config.max_requests) <
        0) {
        return error_set(error, "malloc", ENOMEM, 0);
    }
    ret = aio_context_init(&worker->ctx, config->fdmon, clock, error);
    if (ret < 0) {
        goto out_done;
    }
    if (config->completion->adapts_polling) {
        aio_context_set_polling(&worker->ctx, config->poll_rule,
                                config->poll_max_ns, config->poll_grow,
                                config->poll_shrink);
    }
    worker->arrive_bh = bh_new(&worker->ctx, arrive, worker);
    worker->drain_bh = bh_new(&worker->ctx, drain, worker);
    if (!worker->arrive_bh || !worker->drain_bh) {
        ret = error_set(error, "malloc", ENOMEM, 0);
        goto out_context;
    }
    return 0;

out_context:
    delete_bottom_halves(worker);
    aio_context_cleanup(&worker->ctx);
out_done:
    done_list_cleanup(&worker->done);
    return ret;
}

/*
 * Never on an IOThread itself: the thread that asked it to quit may still be
 * inside bh_schedule(), which uses the notifier.
 */
void worker_cleanup(Worker *worker)
{
    aio_context_set_home(&worker->ctx);
    delete_bottom_halves(worker);
    aio_context_cleanup(&worker->ctx);
    done_list_cleanup(&worker->done);
}

int worker_open(Worker *worker, Error *error)
{
    const WorkerConfig *config = &worker->config;
    int ret;

    aio_context_set_home(&worker->ctx);
    worker->cpus = thread_cpus_read();
    worker->schedstat_fd = thread_schedstat_open();
    ret = completion_open(&worker->completion, config->completion,
                          config->min_nr, config->engine,
                          &config->engine_config, &worker->ctx, &worker->done,
                          error);
    if (ret < 0) {
        close(worker->schedstat_fd);
    }
    worker->engine = worker->completion.engine;
    return ret;
}

void worker_close(Worker *worker)
{
    Job *job;

    while ((job = TAILQ_FIRST(&worker->jobs))) { /* they did not finish */
        remove_job(worker, job);
    }
    completion_close(&worker->completion);
    close(worker->schedstat_fd);
}

#define _GNU_SOURCE
#include "run/worker.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "loop/aio_wait.h"
#include "loop/bottom_half.h"
#include "engines/engine_calls.h"
#include "base/compiler.h"

#define BATCHES_PER_ROUND 8

/* Of its thread, and of those of a pool that work for it. */
static ThreadUsage read_usage(const Worker *worker)
{
    return thread_usage_read(worker->schedstat_fd, &worker->engine->pool);
}

/* ---- sums -------------------------------------------------------------- */

/* Add what @to is beyond @from.  Structures of nothing but uint64_t. */
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
        opened_ns = clock_monotonic_ns(); /* before: it may be kept waiting */
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

/* Its only CPU may have gone offline, or somebody has moved the thread. */
static void look_at_cpus(Worker *worker)
{
    ThreadCpus now = thread_cpus_read();

    worker->cpus_changed |= !thread_cpus_equal(&now, &worker->cpus);
}

static void job_ends(void *opaque, Job *job)
{
    Worker *worker = opaque;

    look_at_cpus(worker);
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
 * Runs on the home thread.  Until all jobs have been handed over it comes
 * back, so that they begin together, and no notification of theirs is
 * counted, or read, in the midst of what they measure.
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
    while (newest) { /* they were pushed onto a stack: turn it round */
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
        /* Release: all that was done to the job before is seen by arrive(). */
    } while (!__atomic_compare_exchange_n(&worker->arrivals, &head, job, true,
                                          __ATOMIC_RELEASE, __ATOMIC_RELAXED));
    bh_schedule(worker->arrive_bh);
}

static void stop_jobs(Worker *worker, bool only_if_asked, JobEnd why)
{
    Job *job, *next;

    for (job = TAILQ_FIRST(&worker->jobs); job; job = next) {
        next = TAILQ_NEXT(job, node); /* one with nothing in flight is gone */
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
 * Record what has finished, and refill: all in one plug, so that the refills
 * leave together.  Only what is there now, or a target that completes inside
 * submit would keep us from the rest of the loop.  The newest first: at large
 * depths its buffer is still in the CPU's cache, and the oldest's is not.
 */
static void handle_done(Worker *worker)
{
    uint32_t n = done_list_count(&worker->done);

    if (n > 1) { /* one alone has nobody to wait for */
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
 * The loop itself has failed, and so have its jobs; but nothing that is in
 * flight is left behind.
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
 * Batches that follow at once need no round of the loop each, as long as there
 * is nothing else for it to do; for so many of them it may be kept waiting.
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

/* ---- life ----------------------------------------------------------------- */

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
    /* Twice: what handle_done() is at is still on it when it comes back. */
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
 * Not on an IOThread itself: whoever asked it to quit may still be on the way
 * out of bh_schedule(), and use the notifier.
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

    while ((job = TAILQ_FIRST(&worker->jobs))) { /* left in mid-flight */
        remove_job(worker, job);
    }
    completion_close(&worker->completion);
    close(worker->schedstat_fd);
}

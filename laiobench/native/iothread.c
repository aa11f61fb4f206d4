#define _GNU_SOURCE
#include "iothread.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bottom_half.h"

/* Between looks at the ring, when the loop itself has failed. */
#define FAILED_LOOP_PAUSE_NS 1000000

/* ---- what the kernel counts -------------------------------------------- */

static uint64_t timeval_ns(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_usec * 1000;
}

/* /proc/self/task/TID/schedstat: time on CPU, time waiting for one, slices. */
static uint64_t read_run_delay_ns(int fd)
{
    char text[96] = "";
    unsigned long long on_cpu, delay = 0;

    if (fd >= 0 && pread(fd, text, sizeof(text) - 1, 0) > 0 &&
        sscanf(text, "%llu %llu", &on_cpu, &delay) != 2) {
        delay = 0;
    }
    return delay;
}

static Usage read_usage(const IOThread *iothread)
{
    struct rusage usage;

    getrusage(RUSAGE_THREAD, &usage);
    return (Usage){
        .user_ns = timeval_ns(usage.ru_utime),
        .system_ns = timeval_ns(usage.ru_stime),
        .voluntary_switches = (uint64_t)usage.ru_nvcsw,
        .involuntary_switches = (uint64_t)usage.ru_nivcsw,
        .run_delay_ns = read_run_delay_ns(iothread->schedstat_fd),
    };
}

/* ---- the jobs' events -------------------------------------------------- */

static void open_window(void *opaque, Job *job)
{
    IOThread *iothread = opaque;

    (void)job;
    if (!iothread->window_is_open) {
        iothread->window_is_open = true;
        iothread->at_open = aio_context_counters(&iothread->ctx);
        iothread->used_at_open = read_usage(iothread);
    }
}

static void job_finished(void *opaque, Job *job)
{
    IOThread *iothread = opaque;

    (void)job;
    if (--iothread->unfinished > 0) {
        return;
    }
    completion_read_leftover(&iothread->completion);
    iothread->at_close = aio_context_counters(&iothread->ctx);
    iothread->used_at_close = read_usage(iothread);
    if (!iothread->window_is_open) { /* stopped before anything was measured */
        iothread->at_open = iothread->at_close;
        iothread->used_at_open = iothread->used_at_close;
    }
    iothread->error = iothread->ctx.failure;
    __atomic_store_n(&iothread->has_closed_window, true, __ATOMIC_RELEASE);
    iothread->finished(iothread->finished_opaque);
}

static const JobEvents job_events = {
    .measuring = open_window,
    .finished = job_finished,
};

/* ---- the loop ---------------------------------------------------------- */

/*
 * Record what has finished, and refill: all in one plug, so that the refills
 * leave together.  Only what is there now, or a target that completes inside
 * submit would keep us from the rest of the loop.
 */
static void handle_done(IOThread *iothread)
{
    const EngineOps *ops = iothread->engine->ops;
    uint32_t n = done_list_count(&iothread->done);

    if (n == 0) {
        return;
    }
    ops->plug(iothread->engine);
    for (uint32_t i = 0; i < n; i++) {
        Request *request = done_list_pop(&iothread->done);

        job_handle(request->owner, request);
    }
    ops->unplug(iothread->engine);
}

static void stop_jobs(IOThread *iothread, JobEnd why)
{
    for (uint32_t i = 0; i < iothread->job_count; i++) {
        job_stop(&iothread->jobs[i], why);
    }
}

/*
 * The loop can't be trusted to wake up any more.  Requests still complete:
 * look for them now and then, without the loop's help, until all are back.
 */
static void run_without_loop(IOThread *iothread)
{
    const struct timespec pause = {.tv_nsec = FAILED_LOOP_PAUSE_NS};
    AioContext *ctx = &iothread->ctx;

    stop_jobs(iothread, JOB_END_LOOP_FAILED);
    while (iothread->unfinished > 0) {
        iothread->engine->ops->reap(iothread->engine,
                                    &ctx->counters.reaped.nested);
        handle_done(iothread);
        clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
        aio_context_read_clock(ctx);
    }
}

static void run_loop(IOThread *iothread)
{
    while (iothread->running) {
        aio_poll(&iothread->ctx, done_list_count(&iothread->done) == 0);
        handle_done(iothread);
        if (__builtin_expect(iothread->ctx.failure.code != 0, 0) &&
            iothread->unfinished > 0) {
            run_without_loop(iothread);
        }
    }
}

static void start_jobs(void *opaque)
{
    IOThread *iothread = opaque;

    for (uint32_t i = 0; i < iothread->job_count; i++) {
        job_start(&iothread->jobs[i]);
    }
}

static void drain_jobs(void *opaque)
{
    stop_jobs(opaque, JOB_END_STOPPED);
}

/* Runs on the IOThread, so `running` needs no atomic and no barrier. */
static void quit(void *opaque)
{
    IOThread *iothread = opaque;

    iothread->running = false;
}

void iothread_start_jobs(IOThread *iothread)
{
    bh_schedule(iothread->start_bh);
}

void iothread_drain_jobs(IOThread *iothread)
{
    bh_schedule(iothread->drain_bh);
}

/* ---- life -------------------------------------------------------------- */

static int set_affinity(const IOThreadConfig *config, Error *error)
{
    cpu_set_t set;

    if (config->cpu_count == 0) {
        return 0;
    }
    CPU_ZERO(&set);
    for (uint32_t i = 0; i < config->cpu_count; i++) {
        CPU_SET((unsigned)config->cpus[i], &set);
    }
    if (sched_setaffinity(0, sizeof(set), &set) < 0) {
        return error_set(error, "sched_setaffinity", errno,
                         (uint64_t)config->cpus[0]);
    }
    return 0;
}

static int make_bottom_halves(IOThread *iothread, Error *error)
{
    iothread->start_bh = bh_new(&iothread->ctx, start_jobs, iothread);
    iothread->drain_bh = bh_new(&iothread->ctx, drain_jobs, iothread);
    iothread->quit_bh = bh_new(&iothread->ctx, quit, iothread);
    if (!iothread->start_bh || !iothread->drain_bh || !iothread->quit_bh) {
        return error_set(error, "malloc", ENOMEM, 0);
    }
    return 0;
}

static void delete_bottom_halves(IOThread *iothread)
{
    BottomHalf *all[] = {iothread->start_bh, iothread->drain_bh,
                         iothread->quit_bh};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (all[i]) {
            bh_delete(all[i]);
        }
    }
}

/*
 * When the thread is gone.  Not on the thread itself: whoever asked it to quit
 * may still be on the way out of bh_schedule(), and use the notifier.
 */
static void free_context(IOThread *iothread)
{
    aio_context_set_home(&iothread->ctx);
    delete_bottom_halves(iothread);
    aio_context_cleanup(&iothread->ctx);
}

/* On the IOThread itself, whose CPUs then own the memory that it touches. */
static int set_up(IOThread *iothread, Error *error)
{
    EngineConfig engine_config = iothread->config.engine_config;
    int ret = set_affinity(&iothread->config, error);

    if (ret < 0) {
        return ret;
    }
    aio_context_set_home(&iothread->ctx);
    prctl(PR_SET_NAME, iothread->config.name);
    prctl(PR_SET_TIMERSLACK, 1); /* timers are for pacing: be precise */
    iothread->schedstat_fd =
        open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);

    engine_config.notify |= iothread->config.completion->needs_eventfd;
    iothread->engine = iothread->config.engine->open(
        &iothread->ctx, &iothread->done, &engine_config, error);
    if (!iothread->engine) {
        ret = -error->code;
        goto out_schedstat;
    }
    ret = completion_attach(&iothread->completion, iothread->config.completion,
                            iothread->config.min_nr, iothread->engine, error);
    if (ret < 0) {
        goto out_engine;
    }
    for (uint32_t i = 0; i < iothread->job_count; i++) {
        job_attach(&iothread->jobs[i], &iothread->ctx, iothread->engine,
                   &job_events, iothread);
    }
    iothread->unfinished = iothread->job_count;
    iothread->running = true;
    return 0;

out_engine:
    iothread->engine->ops->destroy(iothread->engine);
out_schedstat:
    close(iothread->schedstat_fd);
    return ret;
}

static void tear_down(IOThread *iothread)
{
    for (uint32_t i = 0; i < iothread->job_count; i++) {
        job_detach(&iothread->jobs[i]);
    }
    completion_detach(&iothread->completion);
    iothread->engine->ops->destroy(iothread->engine);
    close(iothread->schedstat_fd);
}

static void report_set_up(IOThread *iothread, const Error *error)
{
    pthread_mutex_lock(&iothread->lock);
    iothread->error = *error;
    iothread->set_up = true;
    pthread_cond_signal(&iothread->is_set_up);
    pthread_mutex_unlock(&iothread->lock);
}

static void *iothread_main(void *opaque)
{
    IOThread *iothread = opaque;
    Error error = {0};
    int ret = set_up(iothread, &error);

    report_set_up(iothread, &error);
    if (ret == 0) {
        run_loop(iothread);
        tear_down(iothread);
    }
    return NULL;
}

/* Signals are for the thread that waits for the run. */
static int create_thread(IOThread *iothread, Error *error)
{
    sigset_t all, before;
    int ret;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    ret = pthread_create(&iothread->thread, NULL, iothread_main, iothread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ret ? error_set(error, "pthread_create", ret, 0) : 0;
}

static int wait_until_set_up(IOThread *iothread, Error *error)
{
    pthread_mutex_lock(&iothread->lock);
    while (!iothread->set_up) {
        pthread_cond_wait(&iothread->is_set_up, &iothread->lock);
    }
    pthread_mutex_unlock(&iothread->lock);
    if (iothread->error.code == 0) {
        return 0;
    }
    pthread_join(iothread->thread, NULL);
    *error = iothread->error;
    return -error->code;
}

int iothread_init(IOThread *iothread, const IOThreadConfig *config, Job *jobs,
                  uint32_t job_count, const Clock *clock,
                  void (*finished)(void *opaque), void *opaque, Error *error)
{
    int ret;

    *iothread = (IOThread){
        .config = *config,
        .jobs = jobs,
        .job_count = job_count,
        .finished = finished,
        .finished_opaque = opaque,
        .schedstat_fd = -1,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .is_set_up = PTHREAD_COND_INITIALIZER,
    };
    if (done_list_init(&iothread->done, config->engine_config.max_requests)) {
        return error_set(error, "malloc", ENOMEM, 0);
    }
    ret = aio_context_init(&iothread->ctx, config->fdmon, clock, error);
    if (ret < 0) {
        goto out_done;
    }
    ret = make_bottom_halves(iothread, error);
    if (ret < 0) {
        goto out_context;
    }
    ret = create_thread(iothread, error);
    if (ret == 0) {
        ret = wait_until_set_up(iothread, error);
    }
    if (ret == 0) {
        return 0;
    }

out_context:
    free_context(iothread);
out_done:
    done_list_cleanup(&iothread->done);
    return ret;
}

void iothread_cleanup(IOThread *iothread)
{
    bh_schedule(iothread->quit_bh);
    pthread_join(iothread->thread, NULL);
    free_context(iothread);
    done_list_cleanup(&iothread->done);
}

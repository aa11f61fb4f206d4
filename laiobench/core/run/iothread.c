#define _GNU_SOURCE
#include "run/iothread.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "loop/bottom_half.h"

/* Runs on the IOThread, so `running` needs no atomic and no barrier. */
static void quit(void *opaque)
{
    IOThread *iothread = opaque;

    iothread->running = false;
}

static int set_affinity(const IOThreadConfig *config, Error *error)
{
    cpu_set_t set, got;

    if (config->cpu_count == 0) {
        return 0;
    }
    CPU_ZERO(&set);
    for (uint32_t i = 0; i < config->cpu_count; i++) {
        CPU_SET((unsigned)config->cpus[i], &set);
    }
    if (sched_setaffinity(0, sizeof(set), &set) < 0 ||
        sched_getaffinity(0, sizeof(got), &got) < 0) {
        return error_set(error, "sched_setaffinity", errno,
                         (uint64_t)config->cpus[0]);
    }
    if (!CPU_EQUAL(&set, &got)) { /* the kernel drops CPUs outside the cpuset */
        return error_set(error, "sched_setaffinity", EINVAL,
                         (uint64_t)config->cpus[0]);
    }
    return 0;
}

/* On Linux each thread has a nice value of its own. */
static int set_nice(const IOThreadConfig *config, Error *error)
{
    errno = 0;
    if (config->nice && nice(config->nice) == -1 && errno) {
        return error_set(error, "nice", errno, 0);
    }
    return 0;
}

/* Runs on the new thread, so that memory is allocated near its CPUs. */
static int set_up(IOThread *iothread, Error *error)
{
    char shown[16];
    int ret = set_affinity(&iothread->config, error);

    if (ret == 0) {
        ret = set_nice(&iothread->config, error);
    }
    if (ret < 0) {
        return ret;
    }
    snprintf(shown, sizeof(shown), "%s", iothread->config.name);
    prctl(PR_SET_NAME, shown);
    prctl(PR_SET_TIMERSLACK, 1); /* in ns: pacing needs precise timers */
    return worker_open(iothread->worker, error);
}

static void report_set_up(IOThread *iothread, const Error *error)
{
    pthread_mutex_lock(&iothread->lock);
    iothread->error = *error;
    iothread->set_up = true;
    pthread_cond_signal(&iothread->is_set_up);
    pthread_mutex_unlock(&iothread->lock);
}

static void *run(void *opaque)
{
    IOThread *iothread = opaque;
    Error error = {0};
    int ret = set_up(iothread, &error);

    iothread->running = ret == 0;
    report_set_up(iothread, &error);
    while (iothread->running) {
        worker_run_once(iothread->worker);
    }
    if (ret == 0) {
        worker_close(iothread->worker);
    }
    return NULL;
}

/* The thread blocks all signals; the one that waits for the run gets them. */
static int create_thread(IOThread *iothread, Error *error)
{
    sigset_t all, before;
    int ret;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    ret = pthread_create(&iothread->thread, NULL, run, iothread);
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

int iothread_start(IOThread *iothread, Worker *worker,
                   const IOThreadConfig *config, Error *error)
{
    int ret;

    *iothread = (IOThread){
        .worker = worker,
        .config = *config,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .is_set_up = PTHREAD_COND_INITIALIZER,
    };
    iothread->quit_bh = bh_new(&worker->ctx, quit, iothread);
    if (!iothread->quit_bh) {
        return error_set(error, "malloc", ENOMEM, 0);
    }
    ret = create_thread(iothread, error);
    if (ret == 0) {
        ret = wait_until_set_up(iothread, error);
    }
    if (ret < 0) {
        aio_context_set_home(&worker->ctx);
        bh_delete(iothread->quit_bh);
    }
    return ret;
}

/*
 * The thread clears `running` itself, in a bottom half.  A flag set from here
 * could be missed, between the thread's look at it and its sleep.
 */
void iothread_join(IOThread *iothread)
{
    bh_schedule(iothread->quit_bh);
    pthread_join(iothread->thread, NULL);
    bh_delete(iothread->quit_bh);
}

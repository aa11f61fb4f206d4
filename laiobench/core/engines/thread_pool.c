#define _GNU_SOURCE
#include "engines/thread_pool.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

struct ThreadPool {
    pthread_mutex_t lock;
    pthread_cond_t work_arrived;
    pthread_cond_t progress; /* something finished, or a thread has left */
    DoneList queue;          /* waiting for a thread */
    DoneList finished;       /* waiting for the owner */
    uint32_t finished_count; /* atomic: may be looked at without the lock */
    uint32_t threads, idle;
    bool stopping;
    int64_t idle_ns;
    pthread_mutex_t read_modify;
    PoolUsage *usage;
    void (*tell)(void *opaque);
    void *opaque;
};

/* ---- on the pool's threads ---------------------------------------------------- */

static struct timespec monotonic_after(int64_t ns)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_sec += ns / 1000000000;
    time.tv_nsec += ns % 1000000000;
    if (time.tv_nsec >= 1000000000) {
        time.tv_sec++;
        time.tv_nsec -= 1000000000;
    }
    return time;
}

/* With the lock held.  NULL: none came for so long that the thread may end. */
static Request *next_request(ThreadPool *pool)
{
    struct timespec until = monotonic_after(pool->idle_ns);
    int ret = 0;

    pool->idle++;
    while (done_list_count(&pool->queue) == 0 && !pool->stopping && ret == 0) {
        ret = pthread_cond_timedwait(&pool->work_arrived, &pool->lock, &until);
    }
    pool->idle--;
    if (pool->stopping || done_list_count(&pool->queue) == 0) {
        return NULL;
    }
    return done_list_pop(&pool->queue);
}

/* With the lock held. */
static void finish(ThreadPool *pool, Request *request, int result)
{
    request->result = result;
    done_list_push(&pool->finished, request);
    /* Release: pairs with thread_pool_finished(). */
    __atomic_fetch_add(&pool->finished_count, 1, __ATOMIC_RELEASE);
    pthread_cond_broadcast(&pool->progress);
}

static uint64_t timeval_ns(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_usec * 1000;
}

/* Add the CPU time that the calling thread has used since @seen. */
static void count_usage(ThreadPool *pool, PoolUsage *seen)
{
    PoolUsage now;
    struct rusage usage;

    getrusage(RUSAGE_THREAD, &usage);
    now = (PoolUsage){.user_ns = timeval_ns(usage.ru_utime),
                      .system_ns = timeval_ns(usage.ru_stime)};
    counter_add_shared(&pool->usage->user_ns, now.user_ns - seen->user_ns);
    counter_add_shared(&pool->usage->system_ns,
                       now.system_ns - seen->system_ns);
    *seen = now;
}

static void *serve(void *opaque)
{
    ThreadPool *pool = opaque;
    PoolUsage seen = {0};
    Request *request;

    pthread_mutex_lock(&pool->lock);
    while ((request = next_request(pool))) {
        int result;

        pthread_mutex_unlock(&pool->lock);
        result = blocking_io(request, &pool->read_modify);
        count_usage(pool, &seen);
        pthread_mutex_lock(&pool->lock);
        finish(pool, request, result);
        pthread_mutex_unlock(&pool->lock);
        pool->tell(pool->opaque);
        pthread_mutex_lock(&pool->lock);
    }
    pool->threads--;
    pthread_cond_broadcast(&pool->progress);
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* ---- the owner's side ------------------------------------------------------------ */

/* Block all signals: the thread that waits for the run takes them. */
static int add_thread(ThreadPool *pool)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;
    int ret;

    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    ret = pthread_create(&thread, &attributes, serve, pool);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    pool->threads += ret == 0;
    return -ret;
}

int thread_pool_start(ThreadPool *pool, Error *error)
{
    int ret;

    pthread_mutex_lock(&pool->lock);
    ret = add_thread(pool);
    pthread_mutex_unlock(&pool->lock);
    return ret < 0 ? error_set(error, "pthread_create", -ret, 0) : 0;
}

int thread_pool_submit(ThreadPool *pool, Request *request)
{
    int ret = 0;

    pthread_mutex_lock(&pool->lock);
    if (done_list_count(&pool->queue) >= pool->idle &&
        pool->threads < THREAD_POOL_MAX_THREADS) {
        ret = add_thread(pool);
    }
    if (ret == 0 || pool->threads > 0) { /* the other threads will do it */
        ret = 0;
        done_list_push(&pool->queue, request);
        pthread_cond_signal(&pool->work_arrived);
    }
    pthread_mutex_unlock(&pool->lock);
    return ret;
}

uint32_t thread_pool_cancel(ThreadPool *pool, const struct Target *target)
{
    uint32_t count, cancelled = 0;

    pthread_mutex_lock(&pool->lock);
    count = done_list_count(&pool->queue);
    for (uint32_t i = 0; i < count; i++) { /* once round the ring */
        Request *request = done_list_pop(&pool->queue);

        if (request->target == target) {
            finish(pool, request, -ECANCELED);
            cancelled++;
        } else {
            done_list_push(&pool->queue, request);
        }
    }
    pthread_mutex_unlock(&pool->lock);
    for (uint32_t i = 0; i < cancelled; i++) {
        pool->tell(pool->opaque);
    }
    return cancelled;
}

uint32_t thread_pool_finished(const ThreadPool *pool)
{
    /* Acquire: pairs with finish(). */
    return __atomic_load_n(&pool->finished_count, __ATOMIC_ACQUIRE);
}

Request *thread_pool_take(ThreadPool *pool)
{
    Request *request = NULL;

    pthread_mutex_lock(&pool->lock);
    if (done_list_count(&pool->finished) > 0) {
        request = done_list_pop(&pool->finished);
        __atomic_fetch_sub(&pool->finished_count, 1, __ATOMIC_RELAXED);
    }
    pthread_mutex_unlock(&pool->lock);
    return request;
}

void thread_pool_wait(ThreadPool *pool, uint32_t count, int64_t timeout_ns)
{
    struct timespec until = monotonic_after(timeout_ns < 0 ? 0 : timeout_ns);
    int ret = 0;

    pthread_mutex_lock(&pool->lock);
    while (done_list_count(&pool->finished) < count && ret == 0) {
        ret = timeout_ns < 0 ? pthread_cond_wait(&pool->progress, &pool->lock)
                             : pthread_cond_timedwait(&pool->progress,
                                                      &pool->lock, &until);
    }
    pthread_mutex_unlock(&pool->lock);
}

uint32_t thread_pool_threads(ThreadPool *pool)
{
    uint32_t threads;

    pthread_mutex_lock(&pool->lock);
    threads = pool->threads;
    pthread_mutex_unlock(&pool->lock);
    return threads;
}

/* ---- life ------------------------------------------------------------------------- */

static void init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

ThreadPool *thread_pool_new(uint32_t max_requests, int64_t idle_ns,
                            PoolUsage *usage, void (*tell)(void *opaque),
                            void *opaque, Error *error)
{
    ThreadPool *pool = calloc(1, sizeof(*pool));

    if (!pool || done_list_init(&pool->queue, max_requests) < 0 ||
        done_list_init(&pool->finished, max_requests) < 0) {
        if (pool) {
            done_list_cleanup(&pool->queue);
        }
        free(pool);
        error_set(error, "malloc", ENOMEM, 0);
        return NULL;
    }
    pthread_mutex_init(&pool->lock, NULL);
    pthread_mutex_init(&pool->read_modify, NULL);
    init_condition(&pool->work_arrived);
    init_condition(&pool->progress);
    pool->idle_ns = idle_ns;
    pool->usage = usage;
    pool->tell = tell;
    pool->opaque = opaque;
    return pool;
}

void thread_pool_free(ThreadPool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->work_arrived);
    while (pool->threads > 0) {
        pthread_cond_wait(&pool->progress, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    pthread_cond_destroy(&pool->work_arrived);
    pthread_cond_destroy(&pool->progress);
    pthread_mutex_destroy(&pool->read_modify);
    pthread_mutex_destroy(&pool->lock);
    done_list_cleanup(&pool->queue);
    done_list_cleanup(&pool->finished);
    free(pool);
}

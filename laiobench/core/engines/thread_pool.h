/*
 * ThreadPool: carries requests out on threads that may block.  Threads are made
 * when there are more requests than idle threads, up to MAX, and end when they
 * were idle for long.  The owner is told of finished requests, and takes them.
 *
 * Home thread of the owner's context, except where noted.
 */
#pragma once

#include "engines/blocking_io.h"
#include "engines/engine.h"
#include "base/error.h"
#include "engines/request.h"

#define THREAD_POOL_MAX_THREADS 64
#define THREAD_POOL_IDLE_NS INT64_C(10000000000)

typedef struct ThreadPool ThreadPool;

/*
 * For @max_requests at a time; a thread that is idle for @idle_ns leaves.
 * @tell is called on a pool thread after each request that it finished; what
 * the threads use is added to @usage.
 */
ThreadPool *thread_pool_new(uint32_t max_requests, int64_t idle_ns,
                            PoolUsage *usage, void (*tell)(void *opaque),
                            void *opaque, Error *error);

/*
 * Make the first thread now, not with the first request, so that a failure is
 * known before anything is measured.  0 or -errno.
 */
int thread_pool_start(ThreadPool *pool, Error *error);

/* Waits for requests that threads have begun; drops those in the queue. */
void thread_pool_free(ThreadPool *pool);

/* 0, or -errno if there is no thread and none could be made. */
int thread_pool_submit(ThreadPool *pool, Request *request);

/* End @target's requests that no thread has begun with -ECANCELED; how many. */
uint32_t thread_pool_cancel(ThreadPool *pool, const struct Target *target);

/* How many finished requests there are to take.  No system call. */
uint32_t thread_pool_finished(const ThreadPool *pool);

/* The oldest finished one, or NULL. */
Request *thread_pool_take(ThreadPool *pool);

/* Sleep until @count have finished, for @timeout_ns at most (-1: for ever). */
void thread_pool_wait(ThreadPool *pool, uint32_t count, int64_t timeout_ns);

/* For tests: how many threads there are now. */
uint32_t thread_pool_threads(ThreadPool *pool);

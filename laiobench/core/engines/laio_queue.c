#define _GNU_SOURCE
#include "engines/laio_queue.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The time until a retry, if the kernel refused and nothing is in flight. */
#define RETRY_NS 1000000

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

int laio_queue_init(LaioQueue *queue, Engine *engine,
                    const EngineConfig *config, TimerFunc *retry)
{
    *queue = (LaioQueue){
        .capacity = 2 * config->max_requests,
        .max_events = config->max_events,
        .max_batch = config->max_batch ? config->max_batch : UINT32_MAX,
        .engine = engine,
    };
    timer_init(&queue->retry, engine->ctx, retry, engine);
    queue->iocbs = calloc(queue->capacity, sizeof(*queue->iocbs));
    return queue->iocbs ? 0 : -ENOMEM;
}

void laio_queue_cleanup(LaioQueue *queue)
{
    timer_disarm(&queue->retry);
    free(queue->iocbs);
}

/* The array has room for twice as many as can pend, so it is seldom needed. */
void laio_queue_compact(LaioQueue *queue)
{
    memmove(queue->iocbs, queue->iocbs + queue->head,
            laio_queue_pending(queue) * sizeof(*queue->iocbs));
    queue->tail -= queue->head;
    queue->head = 0;
}

/* The kernel has taken the first @n pending requests. */
static void move_to_kernel(LaioQueue *queue, uint32_t n, uint64_t now)
{
    for (uint32_t i = 0; i < n; i++) {
        Request *request = laio_request_of(queue->iocbs[queue->head + i]);

        request->submitted = now;
        request_set_state(request, REQUEST_IN_FLIGHT);
    }
    queue->head += n;
    engine_count_batch(queue->engine, n);
}

/* Call io_submit() with @n requests.  Returns how many it took, or -errno. */
static long submit_batch(LaioQueue *queue, uint32_t n)
{
    AioContext *ctx = queue->engine->ctx;
    SubmitCounters *counters = &ctx->counters.submit;
    uint64_t entered = clock_now(ctx->clock), returned;
    long ret =
        syscall(SYS_io_submit, queue->id, (long)n, queue->iocbs + queue->head);

    ret = ret < 0 ? -errno : ret;
    returned = aio_context_read_clock(ctx);
    counters->calls++;
    counters->ns += clock_ticks_to_ns(ctx->clock, returned - entered);
    if (ret > 0) {
        if (__builtin_expect(ret < (long)n, 0)) {
            counters->partial++;
        }
        queue->submit_returned = returned;
        if (queue->ring) {
            queue->tail_at_return = aio_ring_tail(queue->ring);
        }
        move_to_kernel(queue, (uint32_t)ret, returned);
    }
    return ret;
}

/* A request that never reached the device is done, with a failure. */
static void fail(LaioQueue *queue, Request *request, int result)
{
    request->submitted = queue->engine->ctx->now;
    engine_finish(queue->engine, request, result);
}

/*
 * The kernel refused for now.  If requests are in flight, their completion leads
 * to the next attempt; if there are none, a timer does.
 */
static void wait_for_room(LaioQueue *queue)
{
    AioContext *ctx = queue->engine->ctx;

    if (queue->engine->in_flight > 0) {
        ctx->counters.submit.eagain++;
    } else {
        ctx->counters.submit.eagain_idle++;
        timer_arm(&queue->retry,
                  ctx->now + clock_ns_to_ticks(ctx->clock, RETRY_NS));
    }
}

/*
 * A loop, since the rest must be submitted also after the first request failed,
 * and after the kernel took only a part.
 */
void laio_queue_submit(LaioQueue *queue)
{
    SubmitCounters *counters = &queue->engine->ctx->counters.submit;

    while (laio_queue_pending(queue) > 0 &&
           queue->engine->in_flight < queue->max_events) {
        uint32_t room = queue->max_events - queue->engine->in_flight;
        uint32_t n = min_u32(laio_queue_pending(queue), room);
        long ret = submit_batch(queue, min_u32(n, queue->max_batch));

        if (ret == 0 || ret == -EAGAIN) {
            wait_for_room(queue);
            break;
        }
        if (ret == -EINTR) {
            counters->eintr++;
        } else if (ret < 0) {
            counters->rejected++;
            fail(queue, laio_request_of(queue->iocbs[queue->head++]), (int)ret);
        }
    }
    queue->blocked = laio_queue_pending(queue) > 0;
    if (__builtin_expect(queue->blocked, 0)) {
        counters->blocked++;
    } else {
        queue->head = queue->tail = 0;
    }
}

void laio_queue_cancel(LaioQueue *queue, const struct Target *target)
{
    uint32_t kept = queue->head;

    for (uint32_t i = queue->head; i < queue->tail; i++) {
        Request *request = laio_request_of(queue->iocbs[i]);

        if (request->target == target) {
            queue->engine->ctx->counters.submit.withdrawn++;
            fail(queue, request, -ECANCELED);
        } else {
            queue->iocbs[kept++] = laio_iocb_of(request);
        }
    }
    queue->tail = kept;
    if (laio_queue_pending(queue) == 0) {
        queue->blocked = false;
        timer_disarm(&queue->retry);
    }
}

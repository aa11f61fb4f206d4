/*
 * SubmitQueue: requests on their way into the kernel.  They gather while the
 * queue is plugged, leave in batches, and stay behind while the kernel has no
 * room.  Knows when requests are submitted and what comes of it; not by which
 * system call, nor how they complete.
 */
#pragma once

#include <errno.h>

#include "base/compiler.h"
#include "engines/engine.h"
#include "loop/timer.h"

/*
 * The engine's system call: submit the @n requests from @first on.  Returns
 * how many the kernel took, or -errno if it took none: -EAGAIN and 0 for no
 * room now, -EINTR for none at all, and anything else for a bad first request.
 */
typedef long SubmitCall(Engine *engine, Request **first, uint32_t n);

typedef struct SubmitQueue {
    Request **requests; /* pending, oldest first: [head, tail) */
    uint32_t head, tail, capacity;
    uint32_t max_events; /* in flight at a time */
    uint32_t max_batch;
    uint32_t plugged; /* nesting count */
    bool blocked;     /* no room in the kernel: wait for completions, */
    Timer retry;      /* or, if nothing is in flight, for this */

    Engine *engine;
    uint64_t call_returned; /* when it last took requests */
} SubmitQueue;

/* @retry is called when it is time to try again.  0 or -ENOMEM. */
int submit_queue_init(SubmitQueue *queue, Engine *engine,
                      const EngineConfig *config, TimerFunc *retry);
void submit_queue_cleanup(SubmitQueue *queue);

static inline uint32_t submit_queue_pending(const SubmitQueue *queue)
{
    return queue->tail - queue->head;
}

/* Are there requests that would be submitted if the queue were asked to? */
static inline bool submit_queue_can_submit(const SubmitQueue *queue)
{
    return submit_queue_pending(queue) > 0 && !queue->blocked &&
           !queue->plugged;
}

/* Move what pends to the array's start, to make room at its end. */
void submit_queue_compact(SubmitQueue *queue);

static inline void submit_queue_append(SubmitQueue *queue, Request *request)
{
    if (__builtin_expect(queue->tail == queue->capacity, 0)) {
        submit_queue_compact(queue);
    }
    queue->requests[queue->tail++] = request;
}

/* Should the pending requests be submitted now? */
static inline bool submit_queue_is_due(const SubmitQueue *queue)
{
    uint32_t pending = submit_queue_pending(queue);

    return !queue->blocked &&
           (!queue->plugged || pending >= queue->max_batch ||
            queue->engine->in_flight + pending >= queue->max_events);
}

/* End @target's requests that the kernel has not taken yet with -ECANCELED. */
void submit_queue_cancel(SubmitQueue *queue, const struct Target *target);

/* @request never reached the device: it is done, with a failure. */
void submit_queue_fail(SubmitQueue *queue, Request *request, int result);

/*
 * The kernel refused for now.  If requests are in flight, their completion leads
 * to the next attempt; if there are none, a timer does.
 */
void submit_queue_wait_for_room(SubmitQueue *queue);

/* For submit_queue_submit(): the kernel has taken the first @n pending requests. */
static ALWAYS_INLINE void submit_queue_move_to_kernel(SubmitQueue *queue,
                                                      uint32_t n, uint64_t now)
{
    for (uint32_t i = 0; i < n; i++) {
        Request *request = queue->requests[queue->head + i];

        request->submitted = now;
        request_set_state(request, REQUEST_IN_FLIGHT);
    }
    queue->head += n;
    engine_count_batch(queue->engine, n);
}

/* For submit_queue_submit(): make the call with @n requests. */
static ALWAYS_INLINE long submit_queue_batch(SubmitQueue *queue, uint32_t n,
                                             SubmitCall *call)
{
    AioContext *ctx = queue->engine->ctx;
    SubmitCounters *counters = &ctx->counters.submit;
    uint64_t entered = clock_now(ctx->clock), returned;
    long ret = call(queue->engine, queue->requests + queue->head, n);

    returned = aio_context_read_clock(ctx);
    counters->calls++;
    counters->ns += clock_ticks_to_ns(ctx->clock, returned - entered);
    if (ret > 0) {
        if (__builtin_expect(ret < (long)n, 0)) {
            counters->partial++;
        }
        queue->call_returned = returned;
        submit_queue_move_to_kernel(queue, (uint32_t)ret, returned);
    }
    return ret;
}

/*
 * Submit all pending requests that may be in flight.  A request that @call
 * rejects goes to the done list, and the others go on.
 *
 * Inline, so that @call is known where it is compiled, and is inlined as well.
 *
 * A loop, since the rest must be submitted also after the first request failed,
 * and after the kernel took only a part.
 */
static ALWAYS_INLINE void submit_queue_submit(SubmitQueue *queue,
                                              SubmitCall *call)
{
    SubmitCounters *counters = &queue->engine->ctx->counters.submit;

    while (submit_queue_pending(queue) > 0 &&
           queue->engine->in_flight < queue->max_events) {
        uint32_t room = queue->max_events - queue->engine->in_flight;
        uint32_t n = submit_queue_pending(queue) < room
                         ? submit_queue_pending(queue)
                         : room;
        long ret =
            submit_queue_batch(queue,
                               n < queue->max_batch ? n : queue->max_batch,
                               call);

        if (ret == 0 || ret == -EAGAIN) {
            submit_queue_wait_for_room(queue);
            break;
        }
        if (ret == -EINTR) {
            counters->eintr++;
        } else if (ret < 0) {
            counters->rejected++;
            submit_queue_fail(queue, queue->requests[queue->head++], (int)ret);
        }
    }
    queue->blocked = submit_queue_pending(queue) > 0;
    if (__builtin_expect(queue->blocked, 0)) {
        counters->blocked++;
    } else {
        queue->head = queue->tail = 0;
    }
}

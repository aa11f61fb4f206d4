/*
 * LaioQueue: requests on their way into io_submit().  They gather while the
 * queue is plugged, leave in batches, and stay behind while the kernel has no
 * room.  Knows how requests are submitted, not how they complete.
 */
#pragma once

#include <stddef.h>

#include "engines/aio_ring.h"
#include "engines/engine.h"
#include "loop/timer.h"

typedef struct LaioQueue {
    struct iocb **iocbs; /* pending, oldest first: [head, tail) */
    uint32_t head, tail, capacity;
    uint32_t max_events; /* in flight at a time */
    uint32_t max_batch;
    uint32_t plugged; /* nesting count */
    bool blocked;     /* no room in the kernel: wait for completions, */
    Timer retry;      /* or, if nothing is in flight, for this */

    Engine *engine;
    aio_context_t id;
    AioRing *ring; /* NULL: its layout is not known */

    /* The ring as it was when io_submit() last returned, and when that was. */
    uint32_t tail_at_return;
    uint64_t submit_returned;
} LaioQueue;

/* @retry is called when it is time to try again.  0 or -ENOMEM. */
int laio_queue_init(LaioQueue *queue, Engine *engine,
                    const EngineConfig *config, TimerFunc *retry);
void laio_queue_cleanup(LaioQueue *queue);

static inline uint32_t laio_queue_pending(const LaioQueue *queue)
{
    return queue->tail - queue->head;
}

/* This engine's part of a request is an iocb, and the request begins with it. */
_Static_assert(sizeof(struct iocb) <= REQUEST_ENGINE_BYTES &&
                   offsetof(Request, engine_part) == 0,
               "an iocb has its place in a request");

static inline struct iocb *laio_iocb_of(Request *request)
{
    return (struct iocb *)request->engine_part;
}

static inline Request *laio_request_of(const struct iocb *iocb)
{
    return (Request *)iocb;
}

/* Move what pends to the array's start, to make room at its end. */
void laio_queue_compact(LaioQueue *queue);

static inline void laio_queue_append(LaioQueue *queue, struct iocb *iocb)
{
    if (__builtin_expect(queue->tail == queue->capacity, 0)) {
        laio_queue_compact(queue);
    }
    queue->iocbs[queue->tail++] = iocb;
}

/* Should the pending requests be submitted now? */
static inline bool laio_queue_is_due(const LaioQueue *queue)
{
    uint32_t pending = laio_queue_pending(queue);

    return !queue->blocked &&
           (!queue->plugged || pending >= queue->max_batch ||
            queue->engine->in_flight + pending >= queue->max_events);
}

/*
 * Submit all pending requests that may be in flight.  A request that the call
 * rejects goes to the done list, and the others go on.
 */
void laio_queue_submit(LaioQueue *queue);

/* End @target's requests that the kernel has not taken yet with -ECANCELED. */
void laio_queue_cancel(LaioQueue *queue, const struct Target *target);

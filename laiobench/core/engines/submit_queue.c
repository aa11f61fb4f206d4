#include "engines/submit_queue.h"

#include <errno.h>
#include <string.h>

/* The time until a retry, if the kernel refused and nothing is in flight. */
#define RETRY_NS 1000000

int submit_queue_init(SubmitQueue *queue, Engine *engine,
                      const EngineConfig *config, TimerFunc *retry)
{
    *queue = (SubmitQueue){
        .capacity = 2 * config->max_requests,
        .max_events = config->max_events,
        .max_batch = config->max_batch ? config->max_batch : UINT32_MAX,
        .engine = engine,
    };
    timer_init(&queue->retry, engine->ctx, retry, engine);
    queue->requests = calloc(queue->capacity, sizeof(*queue->requests));
    return queue->requests ? 0 : -ENOMEM;
}

void submit_queue_cleanup(SubmitQueue *queue)
{
    timer_disarm(&queue->retry);
    free(queue->requests);
}

/* The array has room for twice as many as can pend, so it is seldom needed. */
void submit_queue_compact(SubmitQueue *queue)
{
    memmove(queue->requests, queue->requests + queue->head,
            submit_queue_pending(queue) * sizeof(*queue->requests));
    queue->tail -= queue->head;
    queue->head = 0;
}

void submit_queue_fail(SubmitQueue *queue, Request *request, int result)
{
    request->submitted = queue->engine->ctx->now;
    engine_finish(queue->engine, request, result);
}

void submit_queue_wait_for_room(SubmitQueue *queue)
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

void submit_queue_cancel(SubmitQueue *queue, const struct Target *target)
{
    uint32_t kept = queue->head;

    for (uint32_t i = queue->head; i < queue->tail; i++) {
        Request *request = queue->requests[i];

        if (request->target == target) {
            queue->engine->ctx->counters.submit.withdrawn++;
            submit_queue_fail(queue, request, -ECANCELED);
        } else {
            queue->requests[kept++] = request;
        }
    }
    queue->tail = kept;
    if (submit_queue_pending(queue) == 0) {
        queue->blocked = false;
        timer_disarm(&queue->retry);
    }
}

/*
 * The null engine: a simulated target with a known service time.  It moves no
 * data; everything else on a request's way is the same.  So the rest of the
 * program can be measured, and tested, against a known truth.
 *
 * It models a queue with so many servers, first come first served.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <time.h>

#include "engines/engine.h"
#include "base/random_stream.h"
#include "loop/timer.h"

typedef struct Serving {
    uint64_t due; /* ticks */
    Request *request;
} Serving;

typedef struct NullEngine {
    Engine base;
    EventNotifier notifier;
    uint64_t latency; /* ticks */
    double jitter;
    RandomStream random;

    Request **unsent; /* plugged: they reach the target at unplug */
    uint32_t unsent_count;
    uint32_t max_batch;
    uint32_t plugged;

    Serving *heap; /* by due time, the earliest first */
    uint32_t serving;
    uint64_t *server_free_at; /* ticks; a heap as well */
    uint32_t servers;

    DoneList finished; /* the completion ring of this target */
    Timer timer;       /* with a notifier: at the earliest due time */
} NullEngine;

/* ---- two small heaps --------------------------------------------------- */

static void heap_push(NullEngine *null, Serving item)
{
    uint32_t at = null->serving++;

    while (at > 0 && null->heap[(at - 1) / 2].due > item.due) {
        null->heap[at] = null->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    null->heap[at] = item;
}

static Request *heap_pop(NullEngine *null)
{
    Request *request = null->heap[0].request;
    Serving last = null->heap[--null->serving];
    uint32_t at = 0, child;

    while ((child = 2 * at + 1) < null->serving) {
        if (child + 1 < null->serving &&
            null->heap[child + 1].due < null->heap[child].due) {
            child++;
        }
        if (null->heap[child].due >= last.due) {
            break;
        }
        null->heap[at] = null->heap[child];
        at = child;
    }
    null->heap[at] = last;
    return request;
}

/* The server that is free first now works until @until: sift it down. */
static void occupy_server(NullEngine *null, uint64_t until)
{
    uint64_t *free_at = null->server_free_at;
    uint32_t at = 0, child;

    while ((child = 2 * at + 1) < null->servers) {
        if (child + 1 < null->servers && free_at[child + 1] < free_at[child]) {
            child++;
        }
        if (free_at[child] >= until) {
            break;
        }
        free_at[at] = free_at[child];
        at = child;
    }
    free_at[at] = until;
}

/* ---- serving ----------------------------------------------------------- */

static uint64_t service_ticks(NullEngine *null)
{
    double spread;

    if (null->jitter == 0.0) {
        return null->latency;
    }
    spread = null->jitter * (2.0 * random_unit(&null->random) - 1.0);
    return (uint64_t)((double)null->latency * (1.0 + spread));
}

static uint64_t due_time(NullEngine *null, uint64_t now)
{
    uint64_t start = now, due;

    if (null->latency == 0) {
        return now;
    }
    if (null->servers > 0 && null->server_free_at[0] > now) {
        start = null->server_free_at[0];
    }
    due = start + service_ticks(null);
    if (null->servers > 0) {
        occupy_server(null, due);
    }
    return due;
}

/*
 * Finish the requests that are due, and add one to the notifier for each, as the
 * kernel does with an eventfd.
 */
static void complete_due(NullEngine *null, uint64_t now)
{
    uint32_t before = done_list_count(&null->finished), newly;

    while (null->serving > 0 && null->heap[0].due <= now) {
        done_list_push(&null->finished, heap_pop(null));
    }
    if (!null->base.notifier) {
        return;
    }
    newly = done_list_count(&null->finished) - before;
    if (newly > 0) {
        event_notifier_add(&null->notifier, newly);
    }
    if (null->serving > 0) {
        timer_arm(&null->timer, null->heap[0].due);
    }
}

static void timer_expired(void *opaque)
{
    NullEngine *null = opaque;

    complete_due(null, null->base.ctx->now);
}

static void send_batch(NullEngine *null, Request **requests, uint32_t n)
{
    AioContext *ctx = null->base.ctx;
    uint64_t now = aio_context_read_clock(ctx);

    for (uint32_t i = 0; i < n; i++) {
        requests[i]->submitted = now;
        request_set_state(requests[i], REQUEST_IN_FLIGHT);
        heap_push(null, (Serving){due_time(null, now), requests[i]});
    }
    engine_count_batch(&null->base, n);
    ctx->counters.submit.calls++;
    complete_due(null, now);
}

static void send_all(NullEngine *null)
{
    uint32_t n;

    for (uint32_t sent = 0; sent < null->unsent_count; sent += n) {
        n = null->unsent_count - sent;
        n = n < null->max_batch ? n : null->max_batch;
        send_batch(null, null->unsent + sent, n);
    }
    null->unsent_count = 0;
}

static void null_submit(Engine *engine, Request *request)
{
    NullEngine *null = (NullEngine *)engine;

    request_begin(request, engine->ctx->now);
    null->unsent[null->unsent_count++] = request;
    if (!null->plugged || null->unsent_count >= null->max_batch) {
        send_all(null);
    }
}

static void null_plug(Engine *engine)
{
    ((NullEngine *)engine)->plugged++;
}

static void null_unplug(Engine *engine)
{
    NullEngine *null = (NullEngine *)engine;

    if (--null->plugged == 0 && null->unsent_count > 0) {
        send_all(null);
    }
}

static void null_cancel_pending(Engine *engine, const struct Target *target)
{
    NullEngine *null = (NullEngine *)engine;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < null->unsent_count; i++) {
        Request *request = null->unsent[i];

        if (request->target == target) {
            engine->ctx->counters.submit.withdrawn++;
            request->submitted = engine->ctx->now;
            engine_finish(engine, request, -ECANCELED);
        } else {
            null->unsent[kept++] = request;
        }
    }
    null->unsent_count = kept;
}

static bool null_ready(Engine *engine)
{
    NullEngine *null = (NullEngine *)engine;

    return done_list_count(&null->finished) > 0 ||
           (null->serving > 0 &&
            null->heap[0].due <= clock_now(engine->ctx->clock));
}

static uint32_t null_reap(Engine *engine, uint64_t *reaped_by)
{
    NullEngine *null = (NullEngine *)engine;
    AioContext *ctx = engine->ctx;
    uint32_t finished;

    if (null->serving > 0) {
        complete_due(null, aio_context_read_clock(ctx));
    }
    aio_context_fresh_now(ctx);
    finished = done_list_count(&null->finished);
    for (uint32_t i = 0; i < finished; i++) {
        engine_finish(engine, done_list_pop(&null->finished), 0);
    }
    engine_count_out(engine, finished);
    *reaped_by += finished;
    return finished;
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void null_wait(Engine *engine, uint32_t min_nr, int64_t timeout_ns,
                      uint64_t *reaped_by)
{
    NullEngine *null = (NullEngine *)engine;
    const Clock *clock = engine->ctx->clock;
    uint64_t now = clock_now(clock), end = UINT64_MAX;

    if (timeout_ns >= 0) {
        end = now + clock_ns_to_ticks(clock, (uint64_t)timeout_ns);
    }
    engine->ctx->counters.other.waits++;
    complete_due(null, now);
    while (done_list_count(&null->finished) < min_nr && null->serving > 0 &&
           now < end) {
        uint64_t left = min_u64(null->heap[0].due, end) - now;
        uint64_t left_ns = clock_ticks_to_ns(clock, left) + 1;
        struct timespec timeout = {
            .tv_sec = (time_t)(left_ns / 1000000000),
            .tv_nsec = (long)(left_ns % 1000000000),
        };

        if (ppoll(NULL, 0, &timeout, NULL) < 0) {
            break; /* a signal: return to the loop */
        }
        now = clock_now(clock);
        complete_due(null, now);
    }
    null_reap(engine, reaped_by);
}

/* ---- life -------------------------------------------------------------- */

static void null_destroy(Engine *engine)
{
    NullEngine *null = (NullEngine *)engine;

    timer_disarm(&null->timer);
    free(null->heap);
    free(null->server_free_at);
    free(null->unsent);
    done_list_cleanup(&null->finished);
    if (engine->notifier) {
        event_notifier_cleanup(&null->notifier);
    }
    free(null);
}

static const EngineOps null_ops = {
    .destroy = null_destroy,
    .submit = null_submit,
    .plug = null_plug,
    .unplug = null_unplug,
    .cancel_pending = null_cancel_pending,
    .ready = null_ready,
    .reap = null_reap,
    .wait = null_wait,
};

static Engine *null_open(AioContext *ctx, DoneList *done,
                         const EngineConfig *config, Error *error)
{
    const NullOptions *options = &config->options.null;
    NullEngine *null = calloc(1, sizeof(*null));

    if (!null) {
        error_set(error, "malloc", ENOMEM, sizeof(*null));
        return NULL;
    }
    null->base = (Engine){.ops = &null_ops, .ctx = ctx, .done = done};
    null->latency = clock_ns_to_ticks(ctx->clock, options->latency_ns);
    null->jitter = options->jitter;
    null->servers = options->servers;
    null->max_batch = config->max_batch ? config->max_batch : UINT32_MAX;
    random_stream_init(&null->random, config->options.seed);
    timer_init(&null->timer, ctx, timer_expired, null);

    null->heap = calloc(config->max_requests, sizeof(*null->heap));
    null->unsent = calloc(config->max_requests, sizeof(*null->unsent));
    null->server_free_at =
        calloc(null->servers + 1, sizeof(*null->server_free_at));
    if (!null->heap || !null->unsent || !null->server_free_at ||
        done_list_init(&null->finished, config->max_requests) < 0) {
        error_set(error, "malloc", ENOMEM, 0);
        null_destroy(&null->base);
        return NULL;
    }
    if (config->notify) {
        if (event_notifier_init(&null->notifier, error) < 0) {
            null_destroy(&null->base);
            return NULL;
        }
        null->base.notifier = &null->notifier;
    }
    return &null->base;
}

const EngineType engine_null = {
    .name = "null",
    .capabilities = {.is_simulated = true},
    .open = null_open,
};

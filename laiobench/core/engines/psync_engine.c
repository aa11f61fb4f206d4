/*
 * The psync engine: the loop's own thread makes a blocking call for each
 * request, as a program does that knows nothing else.  A request is done when
 * its submit returns, so nothing is ever in flight beside anything else, and no
 * completion is to be noticed.
 *
 * What a call is, for each operation and alignment, blocking_io.c knows.
 */
#include <errno.h>

#include "engines/blocking_io.h"
#include "engines/engine.h"
#include "engines/short_io.h"
#include "engines/target.h"

typedef struct PsyncEngine {
    Engine base;
    uint8_t flags; /* RequestFlags of each read and write */
    bool strict_short_io;
    pthread_mutex_t read_modify; /* nobody else's: blocking_io() wants one */
} PsyncEngine;

static bool moves_data(const Request *request)
{
    return request->op == REQUEST_READ || request->op == REQUEST_WRITE;
}

/* With all its parts, as any other: until it is done. */
static void carry_out(PsyncEngine *psync, Request *request)
{
    Engine *engine = &psync->base;
    int64_t res;

    while (moves_data(request) && short_io_rest_is_aligned(request)) {
        res = blocking_io_once(request);
        aio_context_read_clock(engine->ctx);
        if (__builtin_expect(res == request->bytes, 1)) {
            engine_finish(engine, request, 0);
            return;
        }
        if (short_io_finish(engine, request, res, psync->strict_short_io)) {
            return;
        }
    }
    res = blocking_io(request, &psync->read_modify);
    aio_context_read_clock(engine->ctx);
    engine_finish(engine, request, (int)res);
}

/*
 * It is submitted when its call begins, not when that returns: the call is the
 * I/O.  So slat is what was done for it before, such as filling its buffer.
 */
static void psync_submit(Engine *engine, Request *request)
{
    PsyncEngine *psync = (PsyncEngine *)engine;
    AioContext *ctx = engine->ctx;

    request_begin(request, ctx->now);
    request->submitted = aio_context_read_clock(ctx);
    if (moves_data(request)) {
        request->flags |= psync->flags;
    }
    request_set_state(request, REQUEST_IN_FLIGHT);
    ctx->counters.submit.calls++;
    engine_count_batch(engine, 1);
    carry_out(psync, request);
    engine_count_out(engine, 1);
    ctx->counters.reaped.submit++;
}

/* Requests go one by one, so a plug has nothing to gather. */
static void psync_plug(Engine *engine)
{
    (void)engine;
}

/* None is pending, and none to be reaped. */
static void psync_cancel_pending(Engine *engine, const struct Target *target)
{
    (void)engine;
    (void)target;
}

static bool psync_ready(Engine *engine)
{
    (void)engine;
    return false;
}

static uint32_t psync_reap(Engine *engine, uint64_t *reaped_by)
{
    (void)engine;
    (void)reaped_by;
    return 0;
}

static void psync_wait(Engine *engine, uint32_t min_nr, int64_t timeout_ns,
                       uint64_t *reaped_by)
{
    (void)engine;
    (void)min_nr;
    (void)timeout_ns;
    (void)reaped_by;
}

static void psync_destroy(Engine *engine)
{
    PsyncEngine *psync = (PsyncEngine *)engine;

    pthread_mutex_destroy(&psync->read_modify);
    free(psync);
}

static const EngineOps psync_ops = {
    .destroy = psync_destroy,
    .submit = psync_submit,
    .plug = psync_plug,
    .unplug = psync_plug,
    .cancel_pending = psync_cancel_pending,
    .ready = psync_ready,
    .reap = psync_reap,
    .wait = psync_wait,
};

static Engine *psync_open(AioContext *ctx, DoneList *done,
                          const EngineConfig *config, Error *error)
{
    PsyncEngine *psync = calloc(1, sizeof(*psync));

    if (!psync) {
        error_set(error, "malloc", ENOMEM, sizeof(*psync));
        return NULL;
    }
    psync->base = (Engine){.ops = &psync_ops, .ctx = ctx, .done = done};
    psync->strict_short_io = config->strict_short_io;
    psync->flags = config->options.psync.hipri ? REQUEST_HIPRI : 0;
    pthread_mutex_init(&psync->read_modify, NULL);
    return &psync->base;
}

const EngineType engine_psync = {
    .name = "psync",
    .capabilities = {.takes_nowait = true, .completes_in_submit = true},
    .open = psync_open,
};

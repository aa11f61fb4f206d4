/*
 * getevents: the classic way, to compare others with.  Instead of in the fd
 * monitor the loop sleeps in the engine's own call, as io_getevents(), which sees
 * only completions.  Notifications from other threads are seen between two calls,
 * so no call lasts longer than SLICE_NS.
 */
#include "completion/completion.h"
#include "engines/engine_calls.h"
#include "base/compiler.h"

#define SLICE_NS 100000000

static bool getevents_wants(void *opaque)
{
    Completion *completion = opaque;

    return completion->engine->in_flight > 0;
}

static HOT_PATH void getevents_sleep(void *opaque, int64_t timeout_ns)
{
    Completion *completion = opaque;
    AioContext *ctx = completion->ctx;

    if (timeout_ns < 0 || timeout_ns > SLICE_NS) {
        timeout_ns = SLICE_NS;
    }
    engine_wait(completion->engine, timeout_ns == 0 ? 0 : completion->min_nr,
                timeout_ns,
                ctx->depth > 1 ? &ctx->counters.reaped.nested
                               : &ctx->counters.reaped.getevents);
}

static const AioSleeperOps getevents_sleeper = {
    .wants = getevents_wants,
    .sleep = getevents_sleep,
};

static int getevents_attach(Completion *completion, Error *error)
{
    (void)error;
    aio_set_sleeper(completion->ctx, &getevents_sleeper, completion);
    return 0;
}

static void getevents_detach(Completion *completion)
{
    aio_set_sleeper(completion->ctx, NULL, NULL);
}

const CompletionMode completion_getevents = {
    .name = "getevents",
    .attach = getevents_attach,
    .detach = getevents_detach,
};

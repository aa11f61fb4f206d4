/*
 * getevents: the classic way, as a yardstick.  The loop sleeps in the engine's
 * own call, io_getevents(), in place of the fd monitor; that call sees
 * completions only.  Another thread's word is heard between two calls, so no
 * call lasts longer than SLICE_NS.
 */
#include <errno.h>
#include <stdlib.h>

#include "completion.h"

#define SLICE_NS 100000000

typedef struct FdMonGetevents {
    FdMon base;
    Completion *completion;
} FdMonGetevents;

static Completion *completion_of(FdMon *base)
{
    return ((FdMonGetevents *)base)->completion;
}

static void getevents_destroy(FdMon *base)
{
    free(base);
}

static int getevents_update(FdMon *base, AioHandler *old, AioHandler *new)
{
    FdMon *watched = completion_of(base)->ctx_fdmon;

    return watched->ops->update(watched, old, new);
}

static int getevents_wait(FdMon *base, int64_t timeout_ns)
{
    Completion *completion = completion_of(base);
    AioContext *ctx = base->ctx;
    FdMon *watched = completion->ctx_fdmon;

    if (completion->engine->in_flight == 0) {
        return watched->ops->wait(watched, timeout_ns);
    }
    if (timeout_ns < 0 || timeout_ns > SLICE_NS) {
        timeout_ns = SLICE_NS;
    }
    return completion->engine->ops->wait(
        completion->engine, timeout_ns == 0 ? 0 : completion->min_nr,
        timeout_ns,
        ctx->depth > 1 ? &ctx->counters.reaped.nested
                       : &ctx->counters.reaped.getevents);
}

static const FdMonOps getevents_fdmon = {
    .name = "getevents",
    .wait_call = "io_getevents",
    .destroy = getevents_destroy,
    .update = getevents_update,
    .wait = getevents_wait,
    .sees_more_than_handlers = true,
};

static int getevents_attach(Completion *completion, Error *error)
{
    FdMonGetevents *mon = calloc(1, sizeof(*mon));

    if (!mon) {
        return error_set(error, "malloc", ENOMEM, sizeof(*mon));
    }
    mon->base = (FdMon){.ops = &getevents_fdmon, .ctx = completion->ctx};
    mon->completion = completion;
    completion->own_fdmon = &mon->base;
    completion->ctx_fdmon = completion->ctx->fdmon;
    completion->ctx->fdmon = &mon->base;
    return 0;
}

static void getevents_detach(Completion *completion)
{
    completion->ctx->fdmon = completion->ctx_fdmon;
    getevents_destroy(completion->own_fdmon);
}

const CompletionMode completion_getevents = {
    .name = "getevents",
    .attach = getevents_attach,
    .detach = getevents_detach,
};

/*
 * poll: the loop looks at the ring, and never sleeps while requests are in
 * flight.  No eventfd to rescue a forgotten submit, so "is there work" is the
 * engine's: something to reap, or something pending that can be submitted.
 */
#include "completion.h"

static bool poll_is_ready(void *opaque)
{
    Completion *completion = opaque;

    return completion->engine->ops->ready(completion->engine);
}

static void poll_reap(void *opaque)
{
    Completion *completion = opaque;

    completion_reap(completion, &completion->ctx->counters.reaped.poll);
}

static const AioHandlerOps poll_handler = {
    .io_poll = poll_is_ready,
    .io_poll_ready = poll_reap,
};

static int poll_attach(Completion *completion, Error *error)
{
    completion->ctx->poll_while_in_flight = true;
    return aio_set_poll_handler(completion->ctx, &poll_handler, completion,
                                error);
}

static void poll_detach(Completion *completion)
{
    completion->ctx->poll_while_in_flight = false;
    aio_set_poll_handler(completion->ctx, NULL, completion, NULL);
}

const CompletionMode completion_poll = {
    .name = "poll",
    .attach = poll_attach,
    .detach = poll_detach,
};

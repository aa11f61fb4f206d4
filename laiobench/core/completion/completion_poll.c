/*
 * poll: the loop looks at the ring, and never sleeps while requests are in
 * flight.  No eventfd would wake it for requests that pend, so it asks the engine
 * for both: is there something to reap, or something that can be submitted?
 */
#include "completion/completion.h"

static const AioHandlerOps poll_handler = {
    .io_poll = completion_is_ready,
    .io_poll_ready = completion_poll_reap,
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
    .looks = true,
    .attach = poll_attach,
    .detach = poll_detach,
};

/*
 * eventfd: the loop sleeps in the fd monitor; the kernel makes the engine's
 * eventfd readable, and its read callback reaps.
 */
#include "completion/completion.h"
#include "base/compiler.h"

HOT_PATH void completion_eventfd_read(void *opaque)
{
    Completion *completion = opaque;
    Counters *counters = &completion->ctx->counters;

    completion_read_eventfd(completion);
    if (completion_reap(completion, &counters->reaped.eventfd) == 0) {
        counters->eventfd.empty++;
    }
}

static const AioHandlerOps eventfd_handler = {
    .io_read = completion_eventfd_read,
};

static int eventfd_attach(Completion *completion, Error *error)
{
    return aio_set_fd_handler(completion->ctx,
                              completion->engine->notifier->read_fd,
                              &eventfd_handler, completion, error);
}

static void eventfd_detach(Completion *completion)
{
    aio_set_fd_handler(completion->ctx, completion->engine->notifier->read_fd,
                       NULL, NULL, NULL);
}

const CompletionMode completion_eventfd = {
    .name = "eventfd",
    .needs_eventfd = true,
    .attach = eventfd_attach,
    .detach = eventfd_detach,
};

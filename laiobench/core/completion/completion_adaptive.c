/*
 * adaptive: the loop looks at the ring for a while that it keeps adjusting,
 * then sleeps until the eventfd is set.
 */
#include "completion/completion.h"

static const AioHandlerOps adaptive_handler = {
    .io_read = completion_eventfd_read,
    .io_poll = completion_is_ready,
    .io_poll_ready = completion_poll_reap,
};

static int adaptive_attach(Completion *completion, Error *error)
{
    return aio_set_fd_handler(completion->ctx,
                              completion->engine->notifier->read_fd,
                              &adaptive_handler, completion, error);
}

static void adaptive_detach(Completion *completion)
{
    aio_set_fd_handler(completion->ctx, completion->engine->notifier->read_fd,
                       NULL, NULL, NULL);
}

const CompletionMode completion_adaptive = {
    .name = "adaptive",
    .needs_eventfd = true,
    .looks = true,
    .adapts_polling = true,
    .attach = adaptive_attach,
    .detach = adaptive_detach,
};

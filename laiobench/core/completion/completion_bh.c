/*
 * bh: as eventfd, but the read callback only schedules a bottom half, which reaps
 * in the next round.
 */
#include <errno.h>

#include "completion/completion.h"
#include "base/compiler.h"

static HOT_PATH void bh_reap(void *opaque)
{
    Completion *completion = opaque;
    Counters *counters = &completion->ctx->counters;

    counters->bh.reaps++;
    if (completion_reap(completion, &counters->reaped.bh) == 0) {
        counters->eventfd.empty++;
    }
}

static HOT_PATH void bh_read(void *opaque)
{
    Completion *completion = opaque;

    completion_read_eventfd(completion);
    bh_schedule(completion->bh);
}

static const AioHandlerOps bh_handler = {.io_read = bh_read};

static int bh_attach(Completion *completion, Error *error)
{
    int ret;

    completion->bh = bh_new(completion->ctx, bh_reap, completion);
    if (!completion->bh) {
        return error_set(error, "malloc", ENOMEM, 0);
    }
    ret = aio_set_fd_handler(completion->ctx,
                             completion->engine->notifier->read_fd, &bh_handler,
                             completion, error);
    if (ret < 0) {
        bh_delete(completion->bh);
    }
    return ret;
}

static void bh_detach(Completion *completion)
{
    aio_set_fd_handler(completion->ctx, completion->engine->notifier->read_fd,
                       NULL, NULL, NULL);
    bh_delete(completion->bh);
}

const CompletionMode completion_bh = {
    .name = "bh",
    .needs_eventfd = true,
    .attach = bh_attach,
    .detach = bh_detach,
};

/*
 * The handlers of an AioContext: set, replaced and deleted at any time, and
 * called when they are ready.  See aio_handlers.h.
 */
#include "loop/aio_handlers.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "loop/fdmon_choice.h"

static bool ops_are_empty(const AioHandlerOps *ops)
{
    return !ops || (!ops->io_read && !ops->io_write && !ops->io_poll &&
                    !ops->io_poll_ready);
}

/* ---- set and deleted ----------------------------------------------------- */

/* Handlers of descriptors are found by @fd, poll handlers by @opaque. */
static AioHandler *find_handler(AioContext *ctx, int fd, const void *opaque)
{
    AioHandler *handler;

    TAILQ_FOREACH (handler, &ctx->handlers, node) {
        if (!handler->deleted && handler->fd == fd &&
            (fd != AIO_NO_FD || handler->opaque == opaque)) {
            return handler;
        }
    }
    return NULL;
}

static void free_handler(AioContext *ctx, AioHandler *handler)
{
    TAILQ_REMOVE(&ctx->handlers, handler, node);
    free(handler);
}

static void delete_handler(AioContext *ctx, AioHandler *handler)
{
    if (handler->in_ready_list) {
        TAILQ_REMOVE(&ctx->ready, handler, node_ready);
        handler->in_ready_list = false;
    }
    if (ctx->walking_handlers > 0) {
        handler->deleted = true;
        ctx->deleted_handlers = true;
    } else {
        free_handler(ctx, handler);
    }
}

void aio_handlers_free_deleted(AioContext *ctx)
{
    AioHandler *handler, *next;

    ctx->deleted_handlers = false;
    for (handler = TAILQ_FIRST(&ctx->handlers); handler; handler = next) {
        next = TAILQ_NEXT(handler, node);
        if (handler->deleted) {
            free_handler(ctx, handler);
        }
    }
}

/*
 * A live handler is never changed, since a caller up the stack may be using it:
 * a new one is added, and the old one is deleted.
 */
static int set_handler(AioContext *ctx, int fd, const AioHandlerOps *ops,
                       void *opaque, Error *error)
{
    AioHandler *old = find_handler(ctx, fd, opaque), *new = NULL;
    int ret;

    aio_context_assert_home(ctx);
    if (!ops_are_empty(ops)) {
        new = calloc(1, sizeof(*new));
        if (!new) {
            return error_set(error, "malloc", ENOMEM, sizeof(*new));
        }
        new->fd = fd;
        new->ops = ops;
        new->opaque = opaque;
        TAILQ_INSERT_TAIL(&ctx->handlers, new, node);
    }
    if (old || new) {
        ret = fdmon_update(ctx, old, new, error);
        if (ret < 0 && new) {
            free_handler(ctx, new);
            return ret;
        }
    }
    ctx->poll_disable_cnt += (new && !new->ops->io_poll);
    if (old) {
        ctx->poll_disable_cnt -= !old->ops->io_poll;
        delete_handler(ctx, old);
    }
    aio_notify(ctx);
    return 0;
}

int aio_set_fd_handler(AioContext *ctx, int fd, const AioHandlerOps *ops,
                       void *opaque, Error *error)
{
    return set_handler(ctx, fd, ops, opaque, error);
}

int aio_set_poll_handler(AioContext *ctx, const AioHandlerOps *ops,
                         void *opaque, Error *error)
{
    return set_handler(ctx, AIO_NO_FD, ops, opaque, error);
}

/* ---- called -------------------------------------------------------------- */

static void call_handler(AioHandler *handler)
{
    uint32_t revents = handler->revents;
    bool poll_ready = handler->poll_ready;
    const AioHandlerOps *ops = handler->ops;

    handler->revents = 0;
    handler->poll_ready = false;
    if (poll_ready && ops->io_poll_ready) {
        handler->in_poll_ready = true;
        ops->io_poll_ready(handler->opaque);
        handler->in_poll_ready = false;
    }
    if (revents == 0) {
        return;
    }
    if (!handler->deleted && ops->io_read &&
        revents & (POLLIN | POLLHUP | POLLERR)) {
        ops->io_read(handler->opaque);
    }
    if (!handler->deleted && ops->io_write && revents & (POLLOUT | POLLERR)) {
        ops->io_write(handler->opaque);
    }
}

bool aio_handlers_dispatch(AioContext *ctx)
{
    AioHandler *handler;
    bool progress = false;

    if (TAILQ_EMPTY(&ctx->ready)) {
        return false;
    }
    aio_handlers_begin_walk(ctx);
    while ((handler = TAILQ_FIRST(&ctx->ready))) {
        TAILQ_REMOVE(&ctx->ready, handler, node_ready);
        handler->in_ready_list = false;
        progress |= !handler->ops->is_wake_up;
        call_handler(handler);
    }
    aio_handlers_end_walk(ctx);
    return progress;
}

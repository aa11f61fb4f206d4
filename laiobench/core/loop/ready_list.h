/*
 * The ready list: handlers seen ready and not called yet.  The fd monitors
 * and the look at poll handlers fill it, aio_handlers_dispatch() empties it.
 */
#pragma once

#include "loop/aio_context.h"

/* Put it on the list.  Nested loops share the list, so each is called once. */
static inline void aio_handlers_add_ready(AioContext *ctx, AioHandler *handler)
{
    if (!handler->in_ready_list) {
        TAILQ_INSERT_TAIL(&ctx->ready, handler, node_ready);
        handler->in_ready_list = true;
    }
}

/* For fd monitors: the descriptor of @handler has the events @revents. */
static inline void aio_handler_set_ready(AioContext *ctx, AioHandler *handler,
                                         uint32_t revents)
{
    handler->revents |= revents;
    aio_handlers_add_ready(ctx, handler);
}

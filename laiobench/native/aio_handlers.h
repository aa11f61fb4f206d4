/*
 * The inside of an AioContext's handlers, for the event loop's own files.
 * Others set them by aio_set_fd_handler() and aio_set_poll_handler().
 *
 * A live handler is never edited, and one that is deleted while somebody walks
 * the list is only marked: callbacks may do what they like.
 */
#pragma once

#include "aio_context.h"

/* When nobody walks any more. */
void aio_handlers_free_deleted(AioContext *ctx);

/* While somebody walks, handlers that are deleted stay in the list, marked. */
static inline void aio_handlers_begin_walk(AioContext *ctx)
{
    ctx->walking_handlers++;
}

static inline void aio_handlers_end_walk(AioContext *ctx)
{
    if (--ctx->walking_handlers == 0 &&
        __builtin_expect(ctx->deleted_handlers, 0)) {
        aio_handlers_free_deleted(ctx);
    }
}

/* To be called; one list for all nested loops, so that each is served once. */
static inline void aio_handlers_add_ready(AioContext *ctx, AioHandler *handler)
{
    if (!handler->in_ready_list) {
        TAILQ_INSERT_TAIL(&ctx->ready, handler, node_ready);
        handler->in_ready_list = true;
    }
}

/* Call those that are ready.  Returns whether that was progress. */
bool aio_handlers_dispatch(AioContext *ctx);

/* epoll can't be had, or has failed: go on with ppoll, for good. */
int aio_fall_back_to_ppoll(AioContext *ctx, Error *error);

/*
 * The inside of an AioContext's handlers, for the event loop's own files.
 * Others set them by aio_set_fd_handler() and aio_set_poll_handler().
 *
 * A live handler is never edited, and one that is deleted while somebody walks
 * the list is only marked: callbacks may do what they like.
 */
#pragma once

#include "loop/aio_context.h"

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

/* Call those that are ready.  Returns whether that was progress. */
bool aio_handlers_dispatch(AioContext *ctx);

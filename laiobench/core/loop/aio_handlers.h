/*
 * How an AioContext keeps its handlers, for the event loop's own files.
 * Other files set handlers by aio_set_fd_handler() and aio_set_poll_handler().
 *
 * A live handler is never changed, and a handler that is deleted while the list
 * is walked is only marked.  So callbacks may set and delete any handler.
 */
#pragma once

#include "loop/aio_context.h"

/* Frees nothing while the list is being walked. */
void aio_handlers_free_deleted(AioContext *ctx);

/* Until the walk ends, deleted handlers are marked and stay in the list. */
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

/* Call the handlers that are ready.  Returns whether that was progress. */
bool aio_handlers_dispatch(AioContext *ctx);

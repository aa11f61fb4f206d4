/*
 * The sleeper's side of the notify protocol, for the event loop's own files;
 * the publisher's side is aio_notify().
 *
 * A loop that is about to sleep first sets a flag, then looks once more for
 * work.  A publisher first makes its work visible, then reads that flag.  While
 * a loop only polls the flag is not set, so publishing needs no system call.
 */
#pragma once

#include "loop/aio_context.h"

/* Handles the context's own notifier: it ends a sleep, and is not progress. */
extern const AioHandlerOps aio_notifier_ops;

/*
 * Returns whether nothing was published before.  The caller must look at bottom
 * halves after this call: one that is scheduled between an earlier look and
 * this call would wait for the end of the sleep.
 */
bool aio_notify_begin_sleep(AioContext *ctx);
void aio_notify_end_sleep(AioContext *ctx);

/*
 * Clear what was notified up to here; the round that follows sees the work of
 * each of these notifications.
 */
void aio_notify_accept(AioContext *ctx);

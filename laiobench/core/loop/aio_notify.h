/*
 * The sleeper's side of the notify protocol, for the event loop's own files;
 * the publisher's side is aio_notify().
 *
 * A loop that is about to sleep says so, then looks once more whether there is
 * something; a publisher shows its work, then looks whether somebody sleeps.
 * While a loop only polls it says nothing, so publishing costs no system call.
 */
#pragma once

#include "loop/aio_context.h"

/* Of the context's own notifier, which ends a sleep and is not progress. */
extern const AioHandlerOps aio_notifier_ops;

/*
 * Returns whether nothing was published before.  The caller looks at bottom
 * halves after this and not before it, or one that comes between is slept upon.
 */
bool aio_notify_begin_sleep(AioContext *ctx);
void aio_notify_end_sleep(AioContext *ctx);

/*
 * From here on all that was published is looked at: the round that follows
 * sees the cause of each notification.
 */
void aio_notify_accept(AioContext *ctx);

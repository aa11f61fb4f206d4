/*
 * The event loop itself: it makes contexts, runs them one round at a time, and
 * cleans them up.  It uses the other files of this folder; they do not use it.
 */
#pragma once

#include "loop/aio_context.h"
#include "loop/fdmon.h"

/*
 * The calling thread is its home, until aio_context_set_home().
 * With FDMON_EPOLL it falls back to ppoll where epoll can't be had.
 */
int aio_context_init(AioContext *ctx, FdMonKind fdmon, const Clock *clock,
                     Error *error);

/* No handler may be set, no bottom half scheduled, no timer armed. */
void aio_context_cleanup(AioContext *ctx);

/*
 * Look for events for up to @max_ns before sleeping (0: don't), where all
 * handlers can be polled.
 */
void aio_context_set_polling(AioContext *ctx, PollRule rule, uint64_t max_ns,
                             uint32_t grow, uint32_t shrink);

/*
 * One round: busy-poll or sleep (if @blocking), then bottom halves, fd
 * handlers, timers.  Returns whether anything was done.  May be called in any
 * callback: each event is handled once, by the loop that comes to it first.
 */
bool aio_poll(AioContext *ctx, bool blocking);

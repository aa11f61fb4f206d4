/*
 * The event loop itself: contexts made, run one round at a time, and cleaned
 * up.  It is made of the other files of this folder, which do not know it.
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

/* Nothing may be registered, scheduled or armed any more. */
void aio_context_cleanup(AioContext *ctx);

/*
 * Look for events for up to @max_ns before sleeping (0: don't), where all
 * handlers can be polled.
 */
void aio_context_set_polling(AioContext *ctx, PollRule rule, uint64_t max_ns,
                             uint32_t grow, uint32_t shrink);

/*
 * One round: busy-poll or sleep (if @blocking), then bottom halves, fd
 * handlers, timers.  Returns whether anything was done.  May be called from
 * any callback: each event is delivered once, to whichever loop comes first.
 */
bool aio_poll(AioContext *ctx, bool blocking);

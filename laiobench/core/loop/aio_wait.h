/*
 * Waiting for something to do: the first part of a round of the event loop.
 */
#pragma once

#include "loop/timer.h"

/*
 * Put the handlers that are ready on the ready list.  If there are none, and
 * @blocking, wait until there are, or until a bottom half or timer must run.
 */
void aio_look_or_wait(AioContext *ctx, bool blocking);

/*
 * Announce that the loop will sleep, then look a last time whether it may.
 * The caller must call aio_notify_end_sleep() in both cases.
 */
bool aio_begin_sleep(AioContext *ctx);

/*
 * Would another round only ask the poll handlers?  Then a poll handler may look
 * again at once, without that round.  Not while the rule still learns from events
 * that are found at the first look.
 */
static inline bool aio_only_polls(const AioContext *ctx)
{
    bool polls = ctx->poll_while_in_flight ||
                 (ctx->adaptive.max > 0 && ctx->poll_has_converged);

    return polls && ctx->poll_disable_cnt == 0 &&
           !__atomic_load_n(&ctx->notified, __ATOMIC_RELAXED) &&
           timers_deadline(ctx) > ctx->now && ctx->failure.code == 0;
}

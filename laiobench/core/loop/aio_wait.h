/*
 * Waiting for something to do: the first part of a round of the event loop.
 */
#pragma once

#include "loop/timer.h"

/*
 * Put on the ready list what there is to do.  If there is nothing, and
 * @blocking, wait until there is, or a bottom half or timer wants to run.
 */
void aio_look_or_wait(AioContext *ctx, bool blocking);

/*
 * Say that the loop will sleep, and look for the last time: is it safe?  To be
 * ended by aio_notify_end_sleep() either way.
 */
bool aio_begin_sleep(AioContext *ctx);

/*
 * Does the loop poll, and has nothing to do but to ask its poll handlers?  Then
 * whoever is one of them need not wait for a round, unless the rule would learn
 * from it that something is found at the first look.
 */
static inline bool aio_only_polls(const AioContext *ctx)
{
    bool polls = ctx->poll_while_in_flight ||
                 (ctx->adaptive.max > 0 && ctx->poll_has_converged);

    return polls && ctx->poll_disable_cnt == 0 &&
           !__atomic_load_n(&ctx->notified, __ATOMIC_RELAXED) &&
           timers_deadline(ctx) > ctx->now && ctx->failure.code == 0;
}

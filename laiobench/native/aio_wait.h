/*
 * Waiting for something to do: the first part of a round of the event loop.
 */
#pragma once

#include "aio_context.h"

/* When the loop must be under way again, in ticks; 0: at once. */
uint64_t aio_wake_up_time(AioContext *ctx);

/*
 * Put on the ready list what there is to do; if there is nothing, wait for
 * something until @until (0: don't).
 */
void aio_look_or_wait(AioContext *ctx, uint64_t until);

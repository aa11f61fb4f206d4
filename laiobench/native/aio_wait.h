/*
 * Waiting for something to do: the first part of a round of the event loop.
 */
#pragma once

#include "aio_context.h"

/*
 * Put on the ready list what there is to do.  If there is nothing, and
 * @blocking, wait until there is, or a bottom half or timer wants to run.
 */
void aio_look_or_wait(AioContext *ctx, bool blocking);

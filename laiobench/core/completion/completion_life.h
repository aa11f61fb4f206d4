/*
 * An engine and the completion mode that reaps it, for whoever runs both on a
 * context, a worker or a session: opened and closed together, and served
 * without the loop once that has failed.
 */
#pragma once

#include "completion/completion.h"

/*
 * Open an engine of @type on @ctx, with an eventfd if @mode needs one, and let
 * @mode reap it.  It is completion->engine then.  0 or -errno.
 */
int completion_open(Completion *completion, const CompletionMode *mode,
                    uint32_t min_nr, const EngineType *type,
                    const EngineConfig *config, AioContext *ctx, DoneList *done,
                    Error *error);

/* Waits for what is in flight. */
void completion_close(Completion *completion);

/*
 * The loop can't be trusted to wake up any more, but requests still complete:
 * sleep a little, then take what is there.  For as long as any are in flight.
 */
void completion_serve_without_loop(Completion *completion);

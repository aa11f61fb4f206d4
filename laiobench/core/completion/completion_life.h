/*
 * An engine and the completion mode that reaps it, as a worker or a session runs
 * both on a context: opened and closed together, and served without the loop
 * after the loop has failed.
 */
#pragma once

#include "completion/completion.h"

/*
 * Open an engine of @type on @ctx, with an eventfd if @mode needs one, and let
 * @mode reap it.  It is completion->engine then.  Where requests complete in
 * their submit there is nothing to reap: it is completion_submit, whatever @mode
 * is, and it is for no others.  0 or -errno.
 */
int completion_open(Completion *completion, const CompletionMode *mode,
                    uint32_t min_nr, const EngineType *type,
                    const EngineConfig *config, AioContext *ctx, DoneList *done,
                    Error *error);

/* Waits for what is in flight. */
void completion_close(Completion *completion);

/*
 * The loop may not wake up any more, but requests still complete: sleep a
 * little, then reap.  To be called again while any are in flight.
 */
void completion_serve_without_loop(Completion *completion);

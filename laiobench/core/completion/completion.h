/*
 * Completion modes: how the loop notices that requests have completed.  A mode
 * stands between an engine and the loop: it decides who asks the engine, and
 * when.  All modes reap by completion_reap(); none records or refills.  Each mode
 * has a file and a table of functions.
 */
#pragma once

#include "loop/bottom_half.h"
#include "engines/engine.h"

typedef struct Completion Completion;

typedef struct CompletionMode {
    const char *name;
    bool needs_eventfd;  /* of the engine, one event per completion */
    bool adapts_polling; /* the loop looks for a time that it adjusts */
    bool looks;          /* it looks for completions and makes no call */

    /* Register what notices completions with the context, and remove it.  0 or
     * -errno. */
    int (*attach)(Completion *completion, Error *error);
    void (*detach)(Completion *completion);
} CompletionMode;

struct Completion {
    const CompletionMode *mode;
    AioContext *ctx;
    Engine *engine;
    uint32_t min_nr;          /* getevents: completions to wait for at a time */
    BottomHalf *bh;           /* bh: reaps */
    uint64_t leftover_events; /* found in the eventfd when idle */
};

extern const CompletionMode completion_poll;
extern const CompletionMode completion_eventfd;
extern const CompletionMode completion_bh;
extern const CompletionMode completion_adaptive;
extern const CompletionMode completion_getevents;
extern const CompletionMode completion_submit;

/* NULL if there is none of this name. */
const CompletionMode *completion_find(const char *name);

/* Connect @engine, which is opened with an eventfd if the mode needs one. */
int completion_attach(Completion *completion, const CompletionMode *mode,
                      uint32_t min_nr, Engine *engine, Error *error);
void completion_detach(Completion *completion);

/*
 * To be called when all requests are reaped.  Some may have been reaped before
 * the eventfd was read; their events are still in it.  This reads and counts
 * them, so that the events counted are as many as the completions.
 */
void completion_read_leftover(Completion *completion);

/* Reap, and count it in @reaped_by; inside a nested loop, count it as nested. */
uint32_t completion_reap(Completion *completion, uint64_t *reaped_by);

/* Callbacks of modes that poll: io_poll and io_poll_ready. */
bool completion_is_ready(void *opaque);
void completion_poll_reap(void *opaque);

/*
 * For a loop that polls: look and reap between two of its rounds.  Returns
 * whether anything was reaped.
 */
bool completion_poll_once(Completion *completion);

/* Read the engine's eventfd; a failure ends the run. */
void completion_read_eventfd(Completion *completion);

/* The handler of modes that sleep on it: read it, then reap. */
void completion_eventfd_read(void *opaque);

#include "completion/completion.h"

#include <sched.h>
#include <string.h>

#include "engines/engine_calls.h"
#include "base/compiler.h"

/* Longer than the kernel should take from a completion to its eventfd. */
#define LEFTOVER_TIMEOUT_NS 100000000

const CompletionMode *completion_find(const char *name)
{
    static const CompletionMode *const modes[] = {
        &completion_poll,     &completion_eventfd,   &completion_bh,
        &completion_adaptive, &completion_getevents, &completion_submit,
    };

    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strcmp(modes[i]->name, name) == 0) {
            return modes[i];
        }
    }
    return NULL;
}

int completion_attach(Completion *completion, const CompletionMode *mode,
                      uint32_t min_nr, Engine *engine, Error *error)
{
    *completion = (Completion){
        .mode = mode,
        .ctx = engine->ctx,
        .engine = engine,
        .min_nr = min_nr,
    };
    return mode->attach(completion, error);
}

void completion_detach(Completion *completion)
{
    completion->mode->detach(completion);
}

void completion_read_leftover(Completion *completion)
{
    Engine *engine = completion->engine;
    uint64_t seen = completion->ctx->counters.eventfd.values +
                    completion->leftover_events;
    uint64_t start = clock_monotonic_ns(), events;

    if (!engine->notifier) {
        return;
    }
    if (engine->coalesces_events) { /* nobody knows how many to wait for */
        if (event_notifier_test_and_clear(engine->notifier, &events) > 0) {
            completion->leftover_events += events;
        }
        return;
    }
    /* A completion is in the ring shortly before the kernel sets the eventfd. */
    while (seen < engine->events &&
           clock_monotonic_ns() - start < LEFTOVER_TIMEOUT_NS) {
        if (event_notifier_test_and_clear(engine->notifier, &events) > 0) {
            completion->leftover_events += events;
            seen += events;
        } else {
            sched_yield();
        }
    }
}

HOT_PATH uint32_t completion_reap(Completion *completion, uint64_t *reaped_by)
{
    AioContext *ctx = completion->ctx;

    return engine_reap(completion->engine, ctx->depth > 1
                                               ? &ctx->counters.reaped.nested
                                               : reaped_by);
}

bool completion_is_ready(void *opaque)
{
    const Completion *completion = opaque;

    return engine_ready(completion->engine);
}

HOT_PATH void completion_poll_reap(void *opaque)
{
    Completion *completion = opaque;

    completion_reap(completion, &completion->ctx->counters.reaped.poll);
}

bool completion_poll_once(Completion *completion)
{
    PollCounters *counters = &completion->ctx->counters.poll;

    if (!completion_is_ready(completion)) {
        return false;
    }
    counters->iterations++;
    counters->hits++;
    completion_poll_reap(completion);
    return true;
}

void completion_read_eventfd(Completion *completion)
{
    AioContext *ctx = completion->ctx;
    uint64_t value;
    int ret =
        event_notifier_test_and_clear(completion->engine->notifier, &value);

    if (ret < 0) {
        error_set(&ctx->failure, "read", -ret, 0);
    }
    ctx->now_is_fresh = false; /* the call took time */
    ctx->counters.eventfd.reads++;
    ctx->counters.eventfd.values += value;
}

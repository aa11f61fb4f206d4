#define _GNU_SOURCE
#include "completion/completion_life.h"

#include <errno.h>
#include <time.h>

#include "engines/engine_calls.h"
#include "loop/timer.h"

/* The pause between looks at the ring, after the loop itself has failed. */
#define FAILED_LOOP_PAUSE_NS 1000000

int completion_open(Completion *completion, const CompletionMode *mode,
                    uint32_t min_nr, const EngineType *type,
                    const EngineConfig *config, AioContext *ctx, DoneList *done,
                    Error *error)
{
    EngineConfig for_mode = *config;
    Engine *engine;
    int ret;

    if (type->capabilities.completes_in_submit) {
        mode = &completion_submit;
    } else if (mode == &completion_submit) { /* nobody would reap */
        return error_set(error, "plan", EINVAL, 0);
    }
    for_mode.notify |= mode->needs_eventfd;
    for_mode.looks = mode->looks;
    engine = type->open(ctx, done, &for_mode, error);
    if (!engine) {
        return -error->code;
    }
    ret = completion_attach(completion, mode, min_nr, engine, error);
    if (ret < 0) {
        engine->ops->destroy(engine);
        completion->engine = NULL;
    }
    return ret;
}

void completion_close(Completion *completion)
{
    completion_detach(completion);
    completion->engine->ops->destroy(completion->engine);
}

/* The thread pool's requests come back by bottom half, sleeps by timer. */
void completion_serve_without_loop(Completion *completion)
{
    const struct timespec pause = {.tv_nsec = FAILED_LOOP_PAUSE_NS};
    AioContext *ctx = completion->ctx;

    clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
    aio_context_read_clock(ctx);
    engine_reap(completion->engine, &ctx->counters.reaped.nested);
    bh_poll(ctx);
    timers_run(ctx);
}

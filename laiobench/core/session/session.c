#define _GNU_SOURCE
#include "engines/engine_calls.h"
#include "loop/event_loop.h"
#include "session/session.h"

#include <errno.h>
#include <stdlib.h>

/* Requests in one io_submit(). */
#define MAX_BATCH 32

/* Adaptive mode: the factor and the divisor of the time to look. */
#define POLL_GROW 2
#define POLL_SHRINK 2

/* ---- the loop ------------------------------------------------------------ */

void session_plug(Session *session)
{
    if (!session->plugged) {
        session->plugged = true;
        engine_plug(session->engine);
    }
}

static void unplug(Session *session)
{
    if (session->plugged) {
        session->plugged = false;
        engine_unplug(session->engine);
        session_reap(session);
    }
}

/* Returns whether there was progress; a sleep that a signal ended is none. */
static bool run_round(Session *session, bool blocking)
{
    bool progress = true;

    if (__builtin_expect(session->ctx.failure.code != 0, 0)) {
        completion_serve_without_loop(&session->completion);
    } else {
        progress = aio_poll(&session->ctx, blocking);
    }
    session_collect_done(session);
    return progress;
}

static void end_slice(void *opaque)
{
    ((Session *)opaque)->slice_is_over = true;
}

static void run_loop(Session *session, uint64_t max_ns)
{
    uint64_t now = aio_context_read_clock(&session->ctx);
    uint64_t ended = session->ended;
    bool progress;

    if (max_ns == 0 || !TAILQ_EMPTY(&session->finished)) {
        run_round(session, false);
        return;
    }
    session->slice_is_over = false;
    timer_arm(&session->slice,
              now + clock_ns_to_ticks(&session->clock, max_ns));
    do {
        progress = run_round(session, true);
    } while (session->ended == ended && progress && !session->slice_is_over);
    timer_disarm(&session->slice);
}

uint32_t session_poll(Session *session, bool go_round, uint64_t max_ns,
                      uint32_t *slots, uint32_t room)
{
    uint32_t reported = 0;
    Slot *slot;

    unplug(session);
    if (go_round || (max_ns > 0 && TAILQ_EMPTY(&session->finished))) {
        run_loop(session, max_ns);
    }
    while (reported < room && (slot = TAILQ_FIRST(&session->finished))) {
        TAILQ_REMOVE(&session->finished, slot, node);
        slot->state = SLOT_REPORTED;
        slots[reported++] = slot->public.slot;
    }
    return reported;
}

void session_report(const Session *session, SessionReport *report)
{
    *report = (SessionReport){
        .counters = aio_context_counters(&session->ctx),
        .slots = session->slots,
        .in_use = session->slots - session->free_count,
        .busy = session->waiting_count + session->started_count,
        .buffer_bytes = session->buffer_bytes,
        .fdmon_fell_back = session->ctx.fdmon_fell_back,
        .ready_needs_syscall = session->engine->ready_needs_syscall,
        .failure = session->ctx.failure,
    };
}

/* ---- targets ------------------------------------------------------------- */

SessionTarget *session_attach(Session *session, int fd,
                              const TargetLimits *limits)
{
    SessionTarget *target = calloc(1, sizeof(*target));

    if (target) {
        target_init(&target->base, fd, limits, session);
        target_attach(&target->base, &session->ctx, session->engine);
        TAILQ_INIT(&target->writes);
        TAILQ_INSERT_TAIL(&session->targets, target, node);
    }
    return target;
}

void session_detach(Session *session, SessionTarget *target)
{
    target_detach(&target->base);
    TAILQ_REMOVE(&session->targets, target, node);
    free(target);
}

uint32_t session_target_busy(const SessionTarget *target)
{
    return target->busy;
}

/* ---- life ---------------------------------------------------------------- */

static int open_engine(Session *session, const SessionPlan *plan, Error *error)
{
    const CompletionMode *mode = completion_find(plan->completion);
    const EngineType *engine = engine_find(plan->engine);
    EngineConfig config = {
        .max_requests = plan->iodepth,
        .max_events = plan->iodepth,
        .max_batch = MAX_BATCH,
        .options = plan->engine_options,
    };
    int ret;

    if (!mode || !engine || plan->iodepth == 0) {
        return error_set(error, "plan", EINVAL, 0);
    }
    if (mode->adapts_polling) {
        aio_context_set_polling(&session->ctx, POLL_RULE_WEIGHTED,
                                plan->poll_max_ns, POLL_GROW, POLL_SHRINK);
    }
    ret = completion_open(&session->completion, mode, 1, engine, &config,
                          &session->ctx, &session->done, error);
    session->engine = session->completion.engine;
    return ret;
}

Session *session_open(const SessionPlan *plan, Error *error)
{
    Session *session = calloc(1, sizeof(*session));

    if (!session) {
        error_set(error, "malloc", ENOMEM, sizeof(*session));
        return NULL;
    }
    session->iodepth = plan->iodepth;
    TAILQ_INIT(&session->free);
    TAILQ_INIT(&session->waiting);
    TAILQ_INIT(&session->finished);
    TAILQ_INIT(&session->targets);
    clock_init_monotonic(&session->clock);
    if (done_list_init(&session->done, plan->iodepth) < 0) {
        error_set(error, "malloc", ENOMEM, 0);
        goto out_free;
    }
    if (aio_context_init(&session->ctx, FDMON_EPOLL, &session->clock, error) <
        0) {
        goto out_done;
    }
    timer_init(&session->slice, &session->ctx, end_slice, session);
    if (open_engine(session, plan, error) < 0) {
        goto out_context;
    }
    return session;

out_context:
    aio_context_cleanup(&session->ctx);
out_done:
    done_list_cleanup(&session->done);
out_free:
    free(session);
    return NULL;
}

/* The engine first: until it is closed, a device may write to the buffers. */
void session_close(Session *session)
{
    SessionTarget *target;

    completion_close(&session->completion);
    slots_cleanup(session);
    while ((target = TAILQ_FIRST(&session->targets))) {
        session_detach(session, target);
    }
    aio_context_cleanup(&session->ctx);
    done_list_cleanup(&session->done);
    free(session);
}

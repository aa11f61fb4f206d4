/*
 * The states of a session's requests: a request is issued, waits for its turn,
 * is started, is done, and is released; or it is cancelled.  See session.h.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "engines/engine_calls.h"
#include "session/session.h"

static Slot *slot_of(SessionRequest *public)
{
    return (Slot *)public; /* its first member */
}

static Slot *slot_of_request(Request *request)
{
    return (Slot *)((char *)request - offsetof(Slot, request));
}

/* ---- taking turns -------------------------------------------------------- */

static void start(Slot *slot)
{
    slot->state = SLOT_STARTED;
    slot->session->started_count++;
    target_submit(&slot->target->base, &slot->request);
}

/* In the order of issue; a write with conflicts is skipped, and stays. */
static void start_waiting(Session *session)
{
    Slot *slot, *next;

    for (slot = TAILQ_FIRST(&session->waiting);
         slot && session->started_count < session->iodepth; slot = next) {
        next = TAILQ_NEXT(slot, node);
        if (slot->conflicts == 0) {
            TAILQ_REMOVE(&session->waiting, slot, node);
            session->waiting_count--;
            start(slot);
        }
    }
}

/* A request neither waits nor is started any more. */
static void end_request(Slot *slot, int result, uint32_t bytes)
{
    slot->target->busy--;
    if (slot->request.op == REQUEST_WRITE) {
        slot_end_write(slot);
    }
    slot_finish(slot, result, bytes);
}

static void withdraw_waiting(Slot *slot)
{
    TAILQ_REMOVE(&slot->session->waiting, slot, node);
    slot->session->waiting_count--;
    end_request(slot, -ECANCELED, 0);
}

/* Without the zeros that a read beyond the end of its target gets. */
static uint32_t bytes_transferred(const Request *request)
{
    return request->result == REQUEST_EOF ? request->bytes_done
                                          : request->bytes;
}

/* The requests that start in place of others are submitted together. */
void session_collect_done(Session *session)
{
    while (done_list_count(&session->done) > 0) {
        while (done_list_count(&session->done) > 0) {
            Request *request = done_list_pop(&session->done);
            Slot *slot = slot_of_request(request);

            session->started_count--;
            end_request(slot, request->result < 0 ? request->result : 0,
                        bytes_transferred(request));
        }
        if (session->waiting_count > 0) {
            engine_plug(session->engine);
            start_waiting(session);
            engine_unplug(session->engine);
        }
    }
}

/*
 * Finds what completed inside its submit.  Not with a ring of an unknown
 * layout: a look at that needs a system call.
 */
void session_reap(Session *session)
{
    Engine *engine = session->engine;

    if (!engine->ready_needs_syscall && engine_ready(engine)) {
        engine_reap(engine, &session->ctx.counters.reaped.inline_);
    }
    session_collect_done(session);
}

/* ---- requests ------------------------------------------------------------ */

static SessionRequest *issue(Slot *slot, SessionTarget *target, RequestOp op,
                             uint64_t offset, uint32_t bytes)
{
    Session *session = slot->session;

    slot->target = target;
    slot->request = (Request){
        .target = &target->base,
        .buffer = bytes ? slot->public.buffer : NULL,
        .offset = offset,
        .bytes = bytes,
        .op = (uint8_t)op,
    };
    target->busy++;
    slot->conflicts = 0;
    if (op == REQUEST_WRITE) {
        slot_begin_write(slot);
    }

    slot->state = SLOT_WAITING;
    TAILQ_INSERT_TAIL(&session->waiting, slot, node);
    session->waiting_count++;
    start_waiting(session);
    if (!session->plugged) {
        session_reap(session);
    }
    if (slot->state == SLOT_FINISHED) { /* the caller sees that at once */
        TAILQ_REMOVE(&session->finished, slot, node);
        slot->state = SLOT_REPORTED;
    }
    return &slot->public;
}

SessionRequest *session_read(Session *session, SessionTarget *target,
                             uint64_t offset, uint32_t bytes)
{
    Slot *slot = slot_get(session, bytes);

    return slot ? issue(slot, target, REQUEST_READ, offset, bytes) : NULL;
}

SessionRequest *session_write(Session *session, SessionTarget *target,
                              uint64_t offset, uint32_t bytes, const void *data)
{
    Slot *slot = slot_get(session, bytes);

    if (!slot) {
        return NULL;
    }
    memcpy(slot->public.buffer, data, bytes);
    return issue(slot, target, REQUEST_WRITE, offset, bytes);
}

SessionRequest *session_sync(Session *session, SessionTarget *target,
                             bool data_only)
{
    Slot *slot = slot_get(session, 0);

    return slot ? issue(slot, target,
                        data_only ? REQUEST_FDSYNC : REQUEST_FSYNC, 0, 0)
                : NULL;
}

SessionRequest *session_sleep(Session *session, uint64_t ns)
{
    Slot *slot = slot_get(session, 0);

    if (!slot) {
        return NULL;
    }
    slot->state = SLOT_SLEEPING;
    timer_arm(&slot->timer, aio_context_read_clock(&session->ctx) +
                                clock_ns_to_ticks(&session->clock, ns));
    return &slot->public;
}

void session_cancel(Session *session, SessionRequest *request)
{
    Slot *slot = slot_of(request);

    (void)session;
    if (slot->state == SLOT_SLEEPING) {
        timer_disarm(&slot->timer);
        slot_finish(slot, -ECANCELED, 0);
    } else if (slot->state == SLOT_WAITING) {
        withdraw_waiting(slot);
    }
}

static void withdraw(Session *session, SessionTarget *target)
{
    Slot *slot, *next;

    for (slot = TAILQ_FIRST(&session->waiting); slot; slot = next) {
        next = TAILQ_NEXT(slot, node);
        if (slot->target == target) {
            withdraw_waiting(slot);
        }
    }
    session->engine->ops->cancel_pending(session->engine, &target->base);
}

/* Withdraw all before any is collected; otherwise waiting ones would start. */
void session_withdraw(Session *session, SessionTarget *only)
{
    SessionTarget *target;

    TAILQ_FOREACH (target, &session->targets, node) {
        if (!only || target == only) {
            withdraw(session, target);
        }
    }
    session_collect_done(session);
}

void session_release(Session *session, SessionRequest *request)
{
    Slot *slot = slot_of(request);

    session_cancel(session, request);
    if (slot->state == SLOT_STARTED) {
        slot->abandoned = true;
        return;
    }
    if (slot->state == SLOT_FINISHED) {
        TAILQ_REMOVE(&session->finished, slot, node);
    }
    if (slot->state != SLOT_FREE) {
        slot_free(slot);
    }
}

void session_release_all(Session *session)
{
    for (Slot *slot = session->made; slot; slot = slot->next_made) {
        session_release(session, &slot->public);
    }
}

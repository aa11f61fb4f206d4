/*
 * A session's slots: each has a request, its buffer and its timer.  Slots are
 * used again, and freed only with the session.  See session.h.
 */
#include <stdlib.h>
#include <string.h>

#include "session/session.h"

#define PAGE_BYTES 4096u

/* A free slot keeps its buffer, unless that is larger. */
#define KEPT_BUFFER_BYTES (1u << 20)

static void sleep_is_over(void *opaque)
{
    slot_finish(opaque, 0, 0);
}

static Slot *make_slot(Session *session)
{
    Slot *slot = aligned_alloc(_Alignof(Slot), sizeof(Slot));

    if (!slot) {
        return NULL;
    }
    *slot = (Slot){
        .public.slot = session->slots++,
        .session = session,
        .next_made = session->made,
    };
    timer_init(&slot->timer, &session->ctx, sleep_is_over, slot);
    session->made = slot;
    return slot;
}

static void drop_buffer(Slot *slot)
{
    free(slot->public.buffer);
    slot->public.buffer = NULL;
    slot->session->buffer_bytes -= slot->room;
    slot->room = 0;
}

/* Zeroed, since an engine that moves no data leaves the buffer as it is. */
static bool make_room(Slot *slot, size_t bytes)
{
    size_t room = (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;

    if (bytes <= slot->room) {
        return true;
    }
    drop_buffer(slot);
    slot->public.buffer = aligned_alloc(PAGE_BYTES, room);
    if (!slot->public.buffer) {
        return false;
    }
    memset(slot->public.buffer, 0, room);
    slot->room = room;
    slot->session->buffer_bytes += room;
    return true;
}

void slot_free(Slot *slot)
{
    Session *session = slot->session;

    if (slot->room > KEPT_BUFFER_BYTES) {
        drop_buffer(slot);
    }
    slot->state = SLOT_FREE;
    /* at the head, since its buffer is in the CPU's cache */
    TAILQ_INSERT_HEAD(&session->free, slot, node);
    session->free_count++;
}

Slot *slot_get(Session *session, size_t bytes)
{
    Slot *slot = TAILQ_FIRST(&session->free);

    if (slot) {
        TAILQ_REMOVE(&session->free, slot, node);
        session->free_count--;
    } else {
        slot = make_slot(session);
    }
    if (slot && !make_room(slot, bytes)) {
        slot_free(slot);
        return NULL;
    }
    if (slot) {
        slot->abandoned = false;
        slot->public.done = false;
        slot->public.result = 0;
        slot->public.bytes = 0;
    }
    return slot;
}

void slot_finish(Slot *slot, int result, uint32_t bytes)
{
    slot->session->ended++;
    slot->public.done = true;
    slot->public.result = result;
    slot->public.bytes = result == 0 ? bytes : 0;
    if (slot->abandoned) {
        slot_free(slot);
    } else {
        slot->state = SLOT_FINISHED;
        TAILQ_INSERT_TAIL(&slot->session->finished, slot, node);
    }
}

void slots_cleanup(Session *session)
{
    Slot *slot;

    while ((slot = session->made)) {
        session->made = slot->next_made;
        timer_disarm(&slot->timer);
        free(slot->public.buffer);
        free(slot);
    }
}

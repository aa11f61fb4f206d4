/*
 * Session: an AioContext with its engine and completion mode, run by the thread
 * that calls, for requests that are issued one by one.  Behind session_api.h:
 * session.c makes and runs it, session_requests.c knows what a request goes
 * through, session_writes.c which writes must not meet, session_slots.c where
 * a request and its bytes are kept.
 */
#pragma once

#include "completion/completion_life.h"
#include "contract/session_api.h"
#include "engines/target.h"
#include "loop/timer.h"

typedef TAILQ_HEAD(SlotList, Slot) SlotList;

struct SessionTarget {
    Target base;
    uint32_t busy;
    SlotList writes;     /* under way, in the order in which they were issued */
    uint32_t misaligned; /* of those */
    TAILQ_ENTRY(SessionTarget) node;
};

typedef enum SlotState {
    SLOT_FREE,
    SLOT_WAITING,  /* for its turn, or for its blocks */
    SLOT_STARTED,  /* the engine's */
    SLOT_SLEEPING, /* no request, but a timer */
    SLOT_FINISHED, /* not told of yet */
    SLOT_TOLD,
} SlotState;

typedef struct Slot {
    SessionRequest public; /* first: what the caller has */
    SlotState state;
    bool abandoned; /* released before it was back */
    size_t room;    /* bytes of the buffer */
    SessionTarget *target;
    uint32_t obstacles;           /* earlier writes that it must not meet */
    TAILQ_ENTRY(Slot) write_node; /* of its target's writes */
    Session *session;
    Timer timer;
    TAILQ_ENTRY(Slot) node; /* of the list of its state, if that has one */
    struct Slot *next_made;
    Request request;
} Slot;

struct Session {
    Clock clock;
    AioContext ctx;
    DoneList done;
    Engine *engine; /* of the completion, once it is open */
    Completion completion;
    uint32_t iodepth;
    bool plugged;

    Slot *made; /* all slots */
    SlotList free, waiting, finished;
    uint32_t slots, free_count, waiting_count, started_count;
    uint64_t ended; /* requests and sleeps, abandoned ones as well */
    uint64_t buffer_bytes;

    TAILQ_HEAD(, SessionTarget) targets;
    Timer slice; /* the end of session_poll() */
    bool slice_is_over;
};

/* With a buffer for @bytes.  NULL without memory. */
Slot *slot_get(Session *session, size_t bytes);
void slot_free(Slot *slot);

/* It is over, and the caller's to look at, unless nobody cares any more. */
void slot_finish(Slot *slot, int result, uint32_t bytes);

/* No engine knows of them any more. */
void slots_cleanup(Session *session);

/*
 * A write is under way, and counts its obstacles; is so no more, and is none
 * to later ones.  It may start when it has none.
 */
void slot_enter_writes(Slot *slot);
void slot_leave_writes(Slot *slot);

/* Take what the engine has done; start those that have their turn now. */
void session_collect_done(Session *session);

/* The same with what is in the ring, without a round of the loop. */
void session_look(Session *session);

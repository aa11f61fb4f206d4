/*
 * Session: an AioContext with its engine and completion mode, for requests
 * that a program issues one by one; the calling thread runs it.  These files
 * implement session_api.h: session.c makes and runs a session,
 * session_requests.c leads requests through their states, session_writes.c
 * keeps conflicting writes apart, and session_slots.c keeps the memory of
 * requests.  Knows nothing of jobs.
 */
#pragma once

#include "completion/completion_life.h"
#include "contract/session_api.h"
#include "engines/target.h"
#include "loop/timer.h"

typedef TAILQ_HEAD(SlotList, Slot) SlotList;

struct SessionTarget {
    Target base;
    uint32_t busy;       /* its requests that wait or are in flight */
    SlotList writes;     /* those of them that write, in the order of issue */
    uint32_t misaligned; /* how many of `writes` are misaligned */
    TAILQ_ENTRY(SessionTarget) node;
};

typedef enum SlotState {
    SLOT_FREE,
    SLOT_WAITING,  /* until fewer are in flight, or for conflicting writes */
    SLOT_STARTED,  /* the engine has the request */
    SLOT_SLEEPING, /* it has no request, but a timer */
    SLOT_FINISHED, /* done, but session_poll() has not returned it yet */
    SLOT_REPORTED, /* the caller knows that it is done */
} SlotState;

typedef struct Slot {
    SessionRequest public; /* the caller's part; must be first */
    SlotState state;
    bool abandoned; /* released while in flight */
    size_t room;    /* bytes of the buffer */
    SessionTarget *target;
    uint32_t conflicts;           /* earlier writes that must end first */
    TAILQ_ENTRY(Slot) write_node; /* in its target's `writes` */
    Session *session;
    Timer timer;            /* of a sleep */
    TAILQ_ENTRY(Slot) node; /* in the session's list for its state */
    struct Slot *next_made;
    Request request;
} Slot;

struct Session {
    Clock clock;
    AioContext ctx;
    DoneList done;
    Engine *engine; /* of `completion`, once it is open */
    Completion completion;
    uint32_t iodepth;
    bool plugged;

    Slot *made; /* all slots */
    SlotList free, waiting, finished;
    uint32_t slots, free_count, waiting_count, started_count;
    uint64_t ended; /* requests and sleeps, also abandoned ones */
    uint64_t buffer_bytes;

    TAILQ_HEAD(, SessionTarget) targets;
    Timer slice; /* the end of session_poll() */
    bool slice_is_over;
};

/* A slot with a buffer for @bytes.  NULL without memory. */
Slot *slot_get(Session *session, size_t bytes);
void slot_free(Slot *slot);

/* The request or sleep is done.  An abandoned slot is freed. */
void slot_finish(Slot *slot, int result, uint32_t bytes);

/* Free all slots.  The engine must be closed. */
void slots_cleanup(Session *session);

/*
 * A write is issued: count the earlier writes that it conflicts with.  It has
 * ended: later writes no longer wait for it.  A write may start when its count
 * is 0.
 */
void slot_begin_write(Slot *slot);
void slot_end_write(Slot *slot);

/* Finish the requests that the engine has done, and start waiting ones. */
void session_collect_done(Session *session);

/* Reap what the ring has, then the same; without a round of the loop. */
void session_reap(Session *session);

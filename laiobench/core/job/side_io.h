/*
 * Chores: what a job does besides the I/Os of its workload.  It syncs after so
 * many writes and at the end; trims and syncs, which go out alone; reads back
 * what it verifies; and holds up a write that must not meet another.  Knows
 * which request may go now, not what else it waits for, nor who submits it.
 */
#pragma once

#include "engines/request.h"
#include "verify/verify.h"

typedef enum TrimKind {
    TRIM_NONE,
    TRIM_ONLY,       /* each write of the workload is a trim */
    TRIM_THEN_WRITE, /* each write is a trim, and then that write */
} TrimKind;

typedef struct ChoresPlan {
    uint32_t fsync_every, fdatasync_every; /* writes; 0: never */
    bool end_fsync;
    TrimKind trim;
    VerifyPlan verify;
} ChoresPlan;

typedef struct Chores {
    ChoresPlan plan;
    Verifier *verifier; /* NULL: nothing is verified */
    Request *held; /* chosen, and must wait for those in flight */
    bool is_alone; /* what is in flight bears nothing beside it */
    bool write_follows; /* where the last trim was: */
    uint64_t write_offset;
    uint32_t write_bytes;
    uint64_t writes; /* issued */
    bool is_sync_due;
    bool is_last_sync; /* that of the end */
    RequestOp sync;    /* which */
    bool is_over;   /* the workload: only the end's chores are left */
    bool *is_extra; /* by slot: the request in it is none of the workload */
    uint32_t extras_in_flight;
} Chores;

typedef enum ChoresWord {
    CHORES_NONE,  /* it is the workload's turn */
    CHORES_WAIT,  /* nothing may go before something is back */
    CHORES_ISSUE, /* the request is set, and goes out */
} ChoresWord;

static inline bool chores_are_needed(const ChoresPlan *plan)
{
    return plan->fsync_every > 0 || plan->fdatasync_every > 0 ||
           plan->end_fsync || plan->trim != TRIM_NONE || plan->verify.method;
}

static inline bool chores_sync(const ChoresPlan *plan)
{
    return plan->fsync_every > 0 || plan->fdatasync_every > 0 ||
           plan->end_fsync;
}

/* @data, of @seed, must outlive it.  0 or -errno. */
int chores_init(Chores *chores, const ChoresPlan *plan, const DataPlan *data,
                uint64_t seed, uint32_t iodepth, uint32_t max_bytes,
                Error *error);
void chores_cleanup(Chores *chores);

/*
 * What goes before the next of the workload, in a free @slot, of number @index,
 * if there is one (else NULL).  @goes_on: the workload has a next.
 */
ChoresWord chores_next(Chores *chores, Request *slot, uint32_t index,
                       uint32_t in_flight, bool goes_on);

/*
 * The workload has chosen @request, but after a trim, where the write that
 * belongs to it comes instead: false, and it is set.
 */
bool chores_want_next(Chores *chores, Request *request);

/* A write of the workload may be a trim here. */
void chores_choose(Chores *chores, Request *request);

/* May what was chosen go out beside those @in_flight? */
bool chores_may_go(const Chores *chores, const Request *request,
                   uint32_t in_flight);

/* It goes.  Returns whether its data are there, else they are the caller's. */
bool chores_begin(Chores *chores, Request *request);

/*
 * The slot of number @index has its request back.  Returns whether all is as
 * it should be; if not, the job is to end.
 */
bool chores_complete(Chores *chores, uint32_t index, const Request *request);

static inline bool chores_is_extra(const Chores *chores, uint32_t index)
{
    return chores->is_extra && chores->is_extra[index];
}

/* The workload is done and all is back: is there a last sync to do? */
bool chores_sync_at_end(Chores *chores);

/* ... and then, is there anything to verify?  From now on it is what is next. */
bool chores_verify_at_end(Chores *chores);

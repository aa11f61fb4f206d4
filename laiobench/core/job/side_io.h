/*
 * Side I/O: what a job does besides the I/Os of its workload.  It syncs after so
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

typedef struct SideIoPlan {
    uint32_t fsync_every, fdatasync_every; /* writes; 0: never */
    bool end_fsync;
    TrimKind trim;
    VerifyPlan verify;
} SideIoPlan;

typedef struct SideIo {
    SideIoPlan plan;
    Verifier *verifier; /* NULL: nothing is verified */
    Request *held;      /* chosen, and must wait for those in flight */
    bool is_alone;      /* what is in flight bears nothing beside it */
    bool write_follows; /* where the last trim was: */
    uint64_t write_offset;
    uint32_t write_bytes;
    uint64_t writes; /* issued */
    bool is_sync_due;
    bool is_last_sync; /* that of the end */
    RequestOp sync;    /* which */
    bool is_over;      /* the workload: only the end's side I/Os are left */
    bool *is_extra;    /* by slot: the request in it is none of the workload */
    uint32_t extras_in_flight;
} SideIo;

typedef enum SideIoStep {
    SIDE_IO_NONE,  /* it is the workload's turn */
    SIDE_IO_WAIT,  /* nothing may go before something is back */
    SIDE_IO_ISSUE, /* the request is set, and goes out */
} SideIoStep;

static inline bool side_io_is_needed(const SideIoPlan *plan)
{
    return plan->fsync_every > 0 || plan->fdatasync_every > 0 ||
           plan->end_fsync || plan->trim != TRIM_NONE || plan->verify.method;
}

static inline bool side_io_syncs(const SideIoPlan *plan)
{
    return plan->fsync_every > 0 || plan->fdatasync_every > 0 ||
           plan->end_fsync;
}

/* @data, of @seed, must outlive it.  0 or -errno. */
int side_io_init(SideIo *side_io, const SideIoPlan *plan, const DataPlan *data,
                 uint64_t seed, uint32_t iodepth, uint32_t max_bytes,
                 Error *error);
void side_io_cleanup(SideIo *side_io);

/*
 * What goes before the next of the workload, in a free @slot, of number @index,
 * if there is one (else NULL).  @goes_on: the workload has a next.
 */
SideIoStep side_io_next(SideIo *side_io, Request *slot, uint32_t index,
                        uint32_t in_flight, bool goes_on);

/*
 * The workload has chosen @request, but after a trim, where the write that
 * belongs to it comes instead: false, and it is set.
 */
bool side_io_wants_next(SideIo *side_io, Request *request);

/* A write of the workload may be a trim here. */
void side_io_apply_trim(SideIo *side_io, Request *request);

/* May what was chosen go out beside those @in_flight? */
bool side_io_may_go(const SideIo *side_io, const Request *request,
                    uint32_t in_flight);

/* It goes.  Returns whether its data are there, else they are the caller's. */
bool side_io_begin(SideIo *side_io, Request *request);

/*
 * The slot of number @index has its request back.  Returns whether all is as
 * it should be; if not, the job is to end.
 */
bool side_io_complete(SideIo *side_io, uint32_t index, const Request *request);

static inline bool side_io_is_extra(const SideIo *side_io, uint32_t index)
{
    return side_io->is_extra && side_io->is_extra[index];
}

/* The workload is done and all is back: is there a last sync to do? */
bool side_io_sync_at_end(SideIo *side_io);

/* ... and then, is there anything to verify?  From now on it is what is next. */
bool side_io_verify_at_end(SideIo *side_io);

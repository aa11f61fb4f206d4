/*
 * Side I/O: what a job issues besides its workload.  A sync after a number of
 * writes and at the end, trims instead of writes, and reads that verify.
 * Syncs and trims are exclusive: no other request may be in flight.  A write
 * waits while another of the same block is in flight.  Knows which request may
 * be issued now in these respects, but not what else it waits for, nor who
 * submits it.
 *
 * All functions are for the thread that runs the job.
 */
#pragma once

#include "engines/request.h"
#include "verify/verify.h"

typedef enum TrimKind {
    TRIM_NONE,
    TRIM_ONLY,       /* trim each block instead of writing it */
    TRIM_THEN_WRITE, /* trim each block, then write it */
} TrimKind;

typedef struct SideIoPlan {
    uint32_t fsync_every, fdatasync_every; /* writes between two; 0: none */
    bool end_fsync;
    TrimKind trim;
    VerifyPlan verify;
} SideIoPlan;

typedef struct SideIo {
    SideIoPlan plan;
    Verifier *verifier; /* NULL: nothing is verified */
    Request *held;      /* chosen, but it must wait for others; NULL: none */
    bool exclusive_in_flight; /* a sync or trim is: issue nothing beside it */
    bool write_follows;       /* the last trim's block is to be written: */
    uint64_t write_offset;
    uint32_t write_bytes;
    uint64_t writes; /* issued */
    bool is_sync_due;
    bool is_last_sync; /* the sync that is due is the one at the end */
    RequestOp sync;    /* fsync or fdatasync: the one that is due */
    bool is_over;      /* the workload is done: verify what was written */
    bool *is_extra;    /* for each slot: its request is a sync or a check */
} SideIo;

typedef enum SideIoStep {
    SIDE_IO_NONE,  /* issue the workload's next I/O */
    SIDE_IO_WAIT,  /* issue nothing until a request completes */
    SIDE_IO_ISSUE, /* issue the request in the slot, which is set */
} SideIoStep;

/* Does @plan have any side I/O? */
static inline bool side_io_is_needed(const SideIoPlan *plan)
{
    return plan->fsync_every > 0 || plan->fdatasync_every > 0 ||
           plan->end_fsync || plan->trim != TRIM_NONE || plan->verify.method;
}

/* Does @plan have syncs? */
static inline bool side_io_syncs(const SideIoPlan *plan)
{
    return plan->fsync_every > 0 || plan->fdatasync_every > 0 ||
           plan->end_fsync;
}

/*
 * @data and @seed: what the job writes; @data must outlive it.  @max_bytes:
 * length of the longest request.  0 or -errno, with @error.
 */
int side_io_init(SideIo *side_io, const SideIoPlan *plan, const DataPlan *data,
                 uint64_t seed, uint32_t iodepth, uint32_t max_bytes,
                 Error *error);
void side_io_cleanup(SideIo *side_io);

/*
 * What to do before the workload's next I/O.  @slot, with number @index, is
 * free; NULL: none is.  @goes_on: the workload has I/Os left.
 */
SideIoStep side_io_next(SideIo *side_io, Request *slot, uint32_t index,
                        uint32_t in_flight, bool goes_on);

/*
 * Whether the workload chooses @request.  False after a trim that is to be
 * followed by its write: then @request is set to this write.
 */
bool side_io_wants_next(SideIo *side_io, Request *request);

/* Turn a write of the workload into a trim, if the plan says so. */
void side_io_apply_trim(SideIo *side_io, Request *request);

/* May @request, which was chosen, be issued beside @in_flight others? */
bool side_io_may_go(const SideIo *side_io, const Request *request,
                    uint32_t in_flight);

/*
 * @request is about to be issued.  Returns whether its buffer has its data; if
 * not, the caller fills it.
 */
bool side_io_begin(SideIo *side_io, Request *request);

/*
 * @request, in slot @index, is done.  False if it has read a bad block and the
 * plan says that this ends the job.
 */
bool side_io_complete(SideIo *side_io, uint32_t index, const Request *request);

/* Is the request in slot @index a sync or a check, not one of the workload? */
static inline bool side_io_is_extra(const SideIo *side_io, uint32_t index)
{
    return side_io->is_extra && side_io->is_extra[index];
}

/* The workload is done, and no request is in flight: is there a last sync? */
bool side_io_sync_at_end(SideIo *side_io);

/* After that: is there anything to verify?  Then side_io_next() reads it. */
bool side_io_verify_at_end(SideIo *side_io);

#include "job/side_io.h"

#include <errno.h>

/* ---- life --------------------------------------------------------------- */

int side_io_init(SideIo *side_io, const SideIoPlan *plan, const DataPlan *data,
                 uint64_t seed, uint32_t iodepth, uint32_t max_bytes,
                 Error *error)
{
    *side_io = (SideIo){.plan = *plan};
    if (!side_io_is_needed(plan)) {
        return 0;
    }
    side_io->is_extra = calloc(iodepth, sizeof(*side_io->is_extra));
    if (!side_io->is_extra) {
        return error_set(error, "malloc", ENOMEM, iodepth);
    }
    if (!plan->verify.method) {
        return 0;
    }
    return verifier_new(&side_io->verifier, &plan->verify, data, seed, iodepth,
                        max_bytes, error);
}

void side_io_cleanup(SideIo *side_io)
{
    verifier_free(side_io->verifier);
    free(side_io->is_extra);
    *side_io = (SideIo){0};
}

/* ---- issuing ------------------------------------------------------------ */

static SideIoStep next_sync(SideIo *side_io, Request *slot, uint32_t index,
                            uint32_t in_flight)
{
    if (in_flight > 0 || !slot) {
        return SIDE_IO_WAIT;
    }
    request_set_io(slot, side_io->sync, 0, 0);
    slot->buffer = NULL; /* the kernel refuses a sync with a buffer or flags */
    slot->flags = 0;
    side_io->is_sync_due = false;
    side_io->exclusive_in_flight = true;
    side_io->is_extra[index] = true;
    return SIDE_IO_ISSUE;
}

static SideIoStep next_verify_read(SideIo *side_io, Request *slot,
                                   uint32_t index)
{
    if (!slot) {
        return SIDE_IO_NONE;
    }
    if (side_io->is_over ? verifier_next_of_all(side_io->verifier, slot)
                         : verifier_next_of_backlog(side_io->verifier, slot)) {
        side_io->is_extra[index] = true;
        return SIDE_IO_ISSUE;
    }
    return SIDE_IO_NONE;
}

SideIoStep side_io_next(SideIo *side_io, Request *slot, uint32_t index,
                        uint32_t in_flight, bool goes_on)
{
    if (side_io->exclusive_in_flight) {
        return SIDE_IO_WAIT;
    }
    if (side_io->is_sync_due && (goes_on || side_io->is_last_sync)) {
        return next_sync(side_io, slot, index, in_flight);
    }
    return side_io->verifier && (goes_on || side_io->is_over)
               ? next_verify_read(side_io, slot, index)
               : SIDE_IO_NONE;
}

bool side_io_wants_next(SideIo *side_io, Request *request)
{
    if (!side_io->write_follows) {
        return true;
    }
    side_io->write_follows = false;
    request_set_io(request, REQUEST_WRITE, side_io->write_offset,
                   side_io->write_bytes);
    return false;
}

void side_io_apply_trim(SideIo *side_io, Request *request)
{
    if (side_io->plan.trim == TRIM_NONE || request->op != REQUEST_WRITE) {
        return;
    }
    request_set_io(request, REQUEST_TRIM, request->offset, request->bytes);
    if (side_io->plan.trim == TRIM_THEN_WRITE) {
        side_io->write_follows = true;
        side_io->write_offset = request->offset;
        side_io->write_bytes = request->bytes;
    }
}

bool side_io_may_go(const SideIo *side_io, const Request *request,
                    uint32_t in_flight)
{
    if (request->op == REQUEST_TRIM && in_flight > 0) {
        return false;
    }
    return request->op == REQUEST_READ || !side_io->verifier ||
           verifier_may_write(side_io->verifier, request);
}

static void count_write(SideIo *side_io)
{
    const SideIoPlan *plan = &side_io->plan;

    side_io->writes++;
    if (plan->fsync_every > 0 && side_io->writes % plan->fsync_every == 0) {
        side_io->sync = REQUEST_FSYNC;
        side_io->is_sync_due = true;
    } else if (plan->fdatasync_every > 0 &&
               side_io->writes % plan->fdatasync_every == 0) {
        side_io->sync = REQUEST_FDSYNC;
        side_io->is_sync_due = true;
    }
}

bool side_io_begin(SideIo *side_io, Request *request)
{
    if (request->op == REQUEST_READ) {
        return true;
    }
    if (request->op == REQUEST_TRIM) {
        side_io->exclusive_in_flight = true;
    } else {
        count_write(side_io);
    }
    if (side_io->verifier) {
        verifier_begin_write(side_io->verifier, request);
    }
    return side_io->verifier;
}

/* ---- completing -------------------------------------------------------- */

static bool check(SideIo *side_io, const Request *request)
{
    return verifier_check(side_io->verifier, request) ||
           !side_io->plan.verify.fatal;
}

static bool complete_extra(SideIo *side_io, const Request *request)
{
    if (request->op == REQUEST_READ) {
        return check(side_io, request);
    }
    side_io->exclusive_in_flight = false;
    return true;
}

bool side_io_complete(SideIo *side_io, uint32_t index, const Request *request)
{
    if (!side_io->is_extra) {
        return true;
    }
    if (side_io->is_extra[index]) {
        side_io->is_extra[index] = false;
        return complete_extra(side_io, request);
    }
    if (request->op == REQUEST_TRIM) {
        side_io->exclusive_in_flight = false;
    }
    if (!side_io->verifier) {
        return true;
    }
    if (request->op != REQUEST_READ) {
        verifier_end_write(side_io->verifier, request);
        return true;
    }
    return !side_io->plan.verify.check_reads || !request_succeeded(request) ||
           check(side_io, request);
}

/* ---- the end ------------------------------------------------------------- */

bool side_io_sync_at_end(SideIo *side_io)
{
    if (!side_io->plan.end_fsync || side_io->is_over) {
        return false;
    }
    side_io->plan.end_fsync = false; /* once */
    side_io->is_last_sync = true;
    side_io->sync = REQUEST_FSYNC;
    side_io->is_sync_due = true;
    return true;
}

bool side_io_verify_at_end(SideIo *side_io)
{
    if (!side_io->verifier || side_io->is_over ||
        !side_io->plan.verify.read_back) {
        return false;
    }
    side_io->is_over = true;
    side_io->is_sync_due = false;
    return true;
}

#include "job/side_io.h"

#include <errno.h>

/* ---- life --------------------------------------------------------------- */

int chores_init(Chores *chores, const ChoresPlan *plan, const DataPlan *data,
                uint64_t seed, uint32_t iodepth, uint32_t max_bytes,
                Error *error)
{
    *chores = (Chores){.plan = *plan};
    if (!chores_are_needed(plan)) {
        return 0;
    }
    chores->is_extra = calloc(iodepth, sizeof(*chores->is_extra));
    if (!chores->is_extra) {
        return error_set(error, "malloc", ENOMEM, iodepth);
    }
    if (!plan->verify.method) {
        return 0;
    }
    return verifier_new(&chores->verifier, &plan->verify, data, seed, iodepth,
                        max_bytes, error);
}

void chores_cleanup(Chores *chores)
{
    verifier_free(chores->verifier);
    free(chores->is_extra);
    *chores = (Chores){0};
}

/* ---- what goes out ------------------------------------------------------ */

static void set_extra(Chores *chores, uint32_t index)
{
    chores->is_extra[index] = true;
    chores->extras_in_flight++;
}

static ChoresWord next_sync(Chores *chores, Request *slot, uint32_t index,
                            uint32_t in_flight)
{
    if (in_flight > 0 || !slot) {
        return CHORES_WAIT;
    }
    request_set_io(slot, chores->sync, 0, 0);
    slot->buffer = NULL; /* the kernel wants it so, and no flags */
    slot->iocb.aio_rw_flags = 0;
    chores->is_sync_due = false;
    chores->is_alone = true;
    set_extra(chores, index);
    return CHORES_ISSUE;
}

static ChoresWord next_check(Chores *chores, Request *slot, uint32_t index)
{
    if (!slot) {
        return CHORES_NONE;
    }
    if (chores->is_over ? verifier_next_of_all(chores->verifier, slot)
                        : verifier_next_of_backlog(chores->verifier, slot)) {
        set_extra(chores, index);
        return CHORES_ISSUE;
    }
    return CHORES_NONE;
}

ChoresWord chores_next(Chores *chores, Request *slot, uint32_t index,
                       uint32_t in_flight, bool goes_on)
{
    if (chores->is_alone) {
        return CHORES_WAIT;
    }
    if (chores->is_sync_due && (goes_on || chores->is_last_sync)) {
        return next_sync(chores, slot, index, in_flight);
    }
    return chores->verifier && (goes_on || chores->is_over)
               ? next_check(chores, slot, index)
               : CHORES_NONE;
}

bool chores_want_next(Chores *chores, Request *request)
{
    if (!chores->write_follows) {
        return true;
    }
    chores->write_follows = false;
    request_set_io(request, REQUEST_WRITE, chores->write_offset,
                   chores->write_bytes);
    return false;
}

void chores_choose(Chores *chores, Request *request)
{
    if (chores->plan.trim == TRIM_NONE || request->op != REQUEST_WRITE) {
        return;
    }
    request_set_io(request, REQUEST_TRIM, request->offset, request->bytes);
    if (chores->plan.trim == TRIM_THEN_WRITE) {
        chores->write_follows = true;
        chores->write_offset = request->offset;
        chores->write_bytes = request->bytes;
    }
}

bool chores_may_go(const Chores *chores, const Request *request,
                   uint32_t in_flight)
{
    if (request->op == REQUEST_TRIM && in_flight > 0) {
        return false;
    }
    return request->op == REQUEST_READ || !chores->verifier ||
           verifier_may_write(chores->verifier, request);
}

static void count_write(Chores *chores)
{
    const ChoresPlan *plan = &chores->plan;

    chores->writes++;
    if (plan->fsync_every > 0 && chores->writes % plan->fsync_every == 0) {
        chores->sync = REQUEST_FSYNC;
        chores->is_sync_due = true;
    } else if (plan->fdatasync_every > 0 &&
               chores->writes % plan->fdatasync_every == 0) {
        chores->sync = REQUEST_FDSYNC;
        chores->is_sync_due = true;
    }
}

bool chores_begin(Chores *chores, Request *request)
{
    if (request->op == REQUEST_READ) {
        return true;
    }
    if (request->op == REQUEST_TRIM) {
        chores->is_alone = true;
    } else {
        count_write(chores);
    }
    if (chores->verifier) {
        verifier_begin_write(chores->verifier, request);
    }
    return chores->verifier;
}

/* ---- what comes back ------------------------------------------------------- */

static bool check(Chores *chores, const Request *request)
{
    return verifier_check(chores->verifier, request) ||
           !chores->plan.verify.fatal;
}

static bool complete_extra(Chores *chores, const Request *request)
{
    chores->extras_in_flight--;
    if (request->op == REQUEST_READ) {
        return check(chores, request);
    }
    chores->is_alone = false;
    return true;
}

bool chores_complete(Chores *chores, uint32_t index, const Request *request)
{
    if (!chores->is_extra) {
        return true;
    }
    if (chores->is_extra[index]) {
        chores->is_extra[index] = false;
        return complete_extra(chores, request);
    }
    if (request->op == REQUEST_TRIM) {
        chores->is_alone = false;
    }
    if (!chores->verifier) {
        return true;
    }
    if (request->op != REQUEST_READ) {
        verifier_end_write(chores->verifier, request);
        return true;
    }
    return !chores->plan.verify.check_reads || !request_succeeded(request) ||
           check(chores, request);
}

/* ---- the end ------------------------------------------------------------------ */

bool chores_sync_at_end(Chores *chores)
{
    if (!chores->plan.end_fsync || chores->is_over) {
        return false;
    }
    chores->plan.end_fsync = false; /* once */
    chores->is_last_sync = true;
    chores->sync = REQUEST_FSYNC;
    chores->is_sync_due = true;
    return true;
}

bool chores_verify_at_end(Chores *chores)
{
    if (!chores->verifier || chores->is_over ||
        !chores->plan.verify.read_back) {
        return false;
    }
    chores->is_over = true;
    chores->is_sync_due = false;
    return true;
}

#include "loop/bottom_half.h"

#include <errno.h>
#include <stdlib.h>

#define IDLE_TIMEOUT_NS 10000000

enum {
    BH_QUEUED = 1,    /* is in one of the context's two lists */
    BH_SCHEDULED = 2, /* shall run */
    BH_IDLE = 4,      /* shall run, in its own time; BH_SCHEDULED overrides */
    BH_DELETED = 8,   /* shall be freed, not run */
    BH_ONESHOT = 16,  /* shall be freed after it has run */
};

struct BottomHalf {
    AioContext *ctx;
    BottomHalfFunc *func;
    void *opaque;
    /* owned by the thread that set BH_QUEUED, then by the list */
    BottomHalf *next;
    uint32_t flags; /* atomic */
};

BottomHalf *bh_new(AioContext *ctx, BottomHalfFunc *func, void *opaque)
{
    BottomHalf *bh = calloc(1, sizeof(*bh));

    if (bh) {
        bh->ctx = ctx;
        bh->func = func;
        bh->opaque = opaque;
    }
    return bh;
}

/* The stack is always taken as a whole, so there is no ABA problem. */
static void push_incoming(AioContext *ctx, BottomHalf *bh)
{
    BottomHalf *head = __atomic_load_n(&ctx->bh_incoming, __ATOMIC_RELAXED);

    do {
        bh->next = head;
        /* Release: pairs with the acquire in take_incoming(). */
    } while (!__atomic_compare_exchange_n(&ctx->bh_incoming, &head, bh, true,
                                          __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

/*
 * Set @flags, and queue it if it is not yet.  Release: pairs with the acquire in
 * run(), so the callback sees what the caller wrote.
 */
static uint32_t enqueue(BottomHalf *bh, uint32_t flags)
{
    AioContext *ctx = bh->ctx;
    uint32_t old =
        __atomic_fetch_or(&bh->flags, flags | BH_QUEUED, __ATOMIC_ACQ_REL);

    if (!(old & BH_QUEUED)) {
        push_incoming(ctx, bh);
    }
    return old;
}

void bh_schedule(BottomHalf *bh)
{
    AioContext *ctx =
        bh->ctx; /* read first: once queued, a one-shot may be freed */
    uint32_t old = enqueue(bh, BH_SCHEDULED);

    counter_add_shared(&ctx->counters.bh.scheduled, 1);
    if (old & BH_SCHEDULED) {
        counter_add_shared(&ctx->counters.bh.coalesced, 1);
    } else {
        aio_notify(ctx);
    }
}

void bh_schedule_idle(BottomHalf *bh)
{
    counter_add_shared(&bh->ctx->counters.bh.scheduled, 1);
    enqueue(bh, BH_IDLE);
}

bool bh_cancel(BottomHalf *bh)
{
    /*
     * Acquire and release: either run() cleared the flag before, and the callback
     * may be running, or run() finds the flag cleared and skips the callback.
     */
    uint32_t old = __atomic_fetch_and(&bh->flags,
                                      ~(uint32_t)(BH_SCHEDULED | BH_IDLE),
                                      __ATOMIC_ACQ_REL);
    bool was_scheduled = old & (BH_SCHEDULED | BH_IDLE);

    if (was_scheduled) {
        counter_add_shared(&bh->ctx->counters.bh.cancelled, 1);
    }
    return was_scheduled;
}

void bh_delete(BottomHalf *bh)
{
    enqueue(bh, BH_DELETED);
}

int bh_schedule_oneshot(AioContext *ctx, BottomHalfFunc *func, void *opaque)
{
    BottomHalf *bh = bh_new(ctx, func, opaque);

    if (!bh) {
        return -ENOMEM;
    }
    bh->flags = BH_ONESHOT; /* not atomic: no other thread has it yet */
    bh_schedule(bh);
    return 0;
}

/* Append what was pushed to bh_ready, the oldest first. */
static void take_incoming(AioContext *ctx)
{
    BottomHalf *newest, *last, *oldest = NULL;

    if (!__atomic_load_n(&ctx->bh_incoming, __ATOMIC_RELAXED)) {
        return; /* in most rounds: saves the atomic exchange */
    }
    newest = __atomic_exchange_n(&ctx->bh_incoming, NULL, __ATOMIC_ACQUIRE);
    last = newest;
    while (newest) {
        BottomHalf *older = newest->next;

        newest->next = oldest;
        oldest = newest;
        newest = older;
    }
    *ctx->bh_ready_tail = oldest;
    ctx->bh_ready_tail = &last->next;
}

static BottomHalf *pop_ready(AioContext *ctx)
{
    BottomHalf *bh = ctx->bh_ready;

    if (bh) {
        ctx->bh_ready = bh->next;
        if (!ctx->bh_ready) {
            ctx->bh_ready_tail = &ctx->bh_ready;
        }
    }
    return bh;
}

/* Returns whether this was progress. */
static bool run(AioContext *ctx, BottomHalf *bh)
{
    /*
     * Clear the flags before the call, so that the callback may schedule itself.
     * Acquire: pairs with enqueue().  From here on @bh may be queued again.
     */
    uint32_t old =
        __atomic_fetch_and(&bh->flags,
                           ~(uint32_t)(BH_QUEUED | BH_SCHEDULED | BH_IDLE),
                           __ATOMIC_ACQ_REL);

    if (old & BH_DELETED) {
        free(bh);
        return false;
    }
    if (!(old & (BH_SCHEDULED | BH_IDLE))) {
        return false; /* cancelled */
    }
    ctx->counters.bh.dispatched++;
    bh->func(bh->opaque);
    if (old & BH_ONESHOT) {
        free(bh);
    }
    return old & BH_SCHEDULED;
}

/*
 * A callback that schedules itself goes to bh_incoming, so one call runs each
 * bottom half once at most.  In a nested loop the inner call runs all of bh_ready,
 * also what the outer call has left: each still runs once, and in order.
 */
bool bh_run_all(AioContext *ctx)
{
    BottomHalf *bh;
    bool progress = false;

    take_incoming(ctx);
    while ((bh = pop_ready(ctx))) {
        progress |= run(ctx, bh);
    }
    return progress;
}

static int64_t shortest_timeout_ns(const BottomHalf *bh)
{
    int64_t timeout_ns = -1;

    for (; bh; bh = bh->next) {
        uint32_t flags = __atomic_load_n(&bh->flags, __ATOMIC_RELAXED);

        if (flags & BH_DELETED) {
            continue;
        }
        if (flags & BH_SCHEDULED) {
            return 0;
        }
        if (flags & BH_IDLE) {
            timeout_ns = IDLE_TIMEOUT_NS;
        }
    }
    return timeout_ns;
}

int64_t bh_timeout_ns(AioContext *ctx)
{
    /* Other threads only push in front of the part that is walked here. */
    int64_t incoming = shortest_timeout_ns(__atomic_load_n(&ctx->bh_incoming,
                                                           __ATOMIC_ACQUIRE));
    int64_t ready = shortest_timeout_ns(ctx->bh_ready);

    if (incoming < 0 || ready < 0) {
        return incoming < 0 ? ready : incoming;
    }
    return incoming < ready ? incoming : ready;
}

void bh_discard_all(AioContext *ctx)
{
    BottomHalf *bh;

    take_incoming(ctx);
    while ((bh = pop_ready(ctx))) {
        uint32_t old = __atomic_fetch_and(&bh->flags, ~(uint32_t)BH_QUEUED,
                                          __ATOMIC_ACQ_REL);
        if (old & (BH_DELETED | BH_ONESHOT)) {
            free(bh);
        }
    }
}

/*
 * The notify protocol of an AioContext.  See aio_notify.h.
 */
#include "loop/aio_notify.h"

/*
 * Publisher and sleeper each write their own flag and then read the other's,
 * with sequentially consistent operations.  So at least one of them sees what
 * the other wrote: either the publisher sees notify_me and writes to the
 * notifier, or the sleeper sees `notified` and does not sleep.
 */
void aio_notify(AioContext *ctx)
{
    counter_add_shared(&ctx->counters.notify.calls, 1);

    /* Pairs with aio_notify_begin_sleep(): it adds to notify_me, then reads notified. */
    __atomic_store_n(&ctx->notified, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&ctx->notify_me, __ATOMIC_SEQ_CST)) {
        counter_add_shared(&ctx->counters.notify.writes, 1);
        event_notifier_set(&ctx->notifier);
    } else {
        counter_add_shared(&ctx->counters.notify.suppressed, 1);
    }
}

bool aio_notify_begin_sleep(AioContext *ctx)
{
    /* Pairs with aio_notify(): it stores notified, then reads notify_me. */
    __atomic_fetch_add(&ctx->notify_me, 2, __ATOMIC_SEQ_CST);
    return !__atomic_load_n(&ctx->notified, __ATOMIC_SEQ_CST);
}

/* Only the home thread writes notify_me: no read-modify-write is needed. */
void aio_notify_end_sleep(AioContext *ctx)
{
    uint32_t before = __atomic_load_n(&ctx->notify_me, __ATOMIC_RELAXED);

    __atomic_store_n(&ctx->notify_me, before - 2, __ATOMIC_RELEASE);
}

/* Acquire: pairs with the store in aio_notify(). */
void aio_notify_accept(AioContext *ctx)
{
    if (__atomic_load_n(&ctx->notified, __ATOMIC_RELAXED)) {
        __atomic_exchange_n(&ctx->notified, 0, __ATOMIC_ACQ_REL);
        ctx->counters.notify.accepted++;
    }
}

/* The notifier has ended the sleep; nothing else is to be done. */
static void notifier_read(void *opaque)
{
    AioContext *ctx = opaque;
    uint64_t value;
    int ret = event_notifier_test_and_clear(&ctx->notifier, &value);

    if (ret < 0) {
        error_set(&ctx->failure, "read", -ret, 0);
    }
}

static bool notifier_poll(void *opaque)
{
    const AioContext *ctx = opaque;

    return __atomic_load_n(&ctx->notified, __ATOMIC_RELAXED);
}

const AioHandlerOps aio_notifier_ops = {
    .is_wake_up = true,
    .io_read = notifier_read,
    .io_poll = notifier_poll,
};

#define _GNU_SOURCE
#include "aio_context.h"

#undef NDEBUG /* a context used by two threads must never pass unnoticed */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "bottom_half.h"
#include "fdmon.h"
#include "timer.h"

/* A busy-poll looks at the clock only once in so many looks at the handlers. */
#define LOOKS_PER_CLOCK_READING 16

static void assert_home(const AioContext *ctx)
{
    assert(pthread_equal(ctx->home, pthread_self()));
}

/* ---- handlers ---------------------------------------------------------- */

static bool ops_are_empty(const AioHandlerOps *ops)
{
    return !ops || (!ops->io_read && !ops->io_write && !ops->io_poll &&
                    !ops->io_poll_ready);
}

uint32_t fdmon_events(const AioHandler *handler)
{
    if (handler->fd == AIO_NO_FD) {
        return 0;
    }
    return (handler->ops->io_read ? POLLIN : 0u) |
           (handler->ops->io_write ? POLLOUT : 0u);
}

int fdmon_register_all(FdMon *mon)
{
    AioHandler *handler;

    TAILQ_FOREACH(handler, &mon->ctx->handlers, node) {
        int ret = handler->deleted ? 0 : mon->ops->update(mon, NULL, handler);

        if (ret < 0) {
            return ret;
        }
    }
    return 0;
}

/* epoll can't be had, or has failed: go on with ppoll, for good. */
static int fall_back_to_ppoll(AioContext *ctx, Error *error)
{
    FdMon *ppoll = fdmon_ppoll_new(ctx, error);

    if (!ppoll) {
        return -ENOMEM;
    }
    if (fdmon_register_all(ppoll) < 0) {
        ppoll->ops->destroy(ppoll);
        return error_set(error, "malloc", ENOMEM, 0);
    }
    ctx->fdmon->ops->destroy(ctx->fdmon);
    ctx->fdmon = ppoll;
    ctx->fdmon_fell_back = true;
    return 0;
}

static int update_fdmon(AioContext *ctx, AioHandler *old, AioHandler *new,
                        Error *error)
{
    int ret = ctx->fdmon->ops->update(ctx->fdmon, old, new);

    if (ret == 0) {
        return 0;
    }
    if (ctx->fdmon->ops->is_replaceable) {
        return fall_back_to_ppoll(ctx, error);
    }
    return error_set(error, "malloc", -ret, 0);
}

/* Descriptors are told apart by number, poll handlers by their opaque. */
static AioHandler *find_handler(AioContext *ctx, int fd, const void *opaque)
{
    AioHandler *handler;

    TAILQ_FOREACH(handler, &ctx->handlers, node) {
        if (!handler->deleted && handler->fd == fd &&
            (fd != AIO_NO_FD || handler->opaque == opaque)) {
            return handler;
        }
    }
    return NULL;
}

static void free_handler(AioContext *ctx, AioHandler *handler)
{
    TAILQ_REMOVE(&ctx->handlers, handler, node);
    free(handler);
}

static void delete_handler(AioContext *ctx, AioHandler *handler)
{
    if (handler->in_ready_list) {
        TAILQ_REMOVE(&ctx->ready, handler, node_ready);
        handler->in_ready_list = false;
    }
    if (ctx->walking_handlers > 0) {
        handler->deleted = true;
        ctx->deleted_handlers = true;
    } else {
        free_handler(ctx, handler);
    }
}

static void begin_walk(AioContext *ctx)
{
    ctx->walking_handlers++;
}

static void end_walk(AioContext *ctx)
{
    AioHandler *handler, *next;

    if (--ctx->walking_handlers > 0 || !ctx->deleted_handlers) {
        return;
    }
    ctx->deleted_handlers = false;
    for (handler = TAILQ_FIRST(&ctx->handlers); handler; handler = next) {
        next = TAILQ_NEXT(handler, node);
        if (handler->deleted) {
            free_handler(ctx, handler);
        }
    }
}

/*
 * A live handler is never edited, since somebody up the stack may be in the
 * middle of it: a replacement is put beside it and the old one deleted.
 */
static int set_handler(AioContext *ctx, int fd, const AioHandlerOps *ops,
                       void *opaque, Error *error)
{
    AioHandler *old = find_handler(ctx, fd, opaque), *new = NULL;
    int ret;

    assert_home(ctx);
    if (!ops_are_empty(ops)) {
        new = calloc(1, sizeof(*new));
        if (!new) {
            return error_set(error, "malloc", ENOMEM, sizeof(*new));
        }
        new->fd = fd;
        new->ops = ops;
        new->opaque = opaque;
        TAILQ_INSERT_TAIL(&ctx->handlers, new, node);
    }
    if (old || new) {
        ret = update_fdmon(ctx, old, new, error);
        if (ret < 0 && new) {
            free_handler(ctx, new);
            return ret;
        }
    }
    ctx->poll_disable_cnt += (new && !new->ops->io_poll);
    if (old) {
        ctx->poll_disable_cnt -= !old->ops->io_poll;
        delete_handler(ctx, old);
    }
    aio_notify(ctx);
    return 0;
}

int aio_set_fd_handler(AioContext *ctx, int fd, const AioHandlerOps *ops,
                       void *opaque, Error *error)
{
    return set_handler(ctx, fd, ops, opaque, error);
}

int aio_set_poll_handler(AioContext *ctx, const AioHandlerOps *ops,
                         void *opaque, Error *error)
{
    return set_handler(ctx, AIO_NO_FD, ops, opaque, error);
}

void aio_set_sleeper(AioContext *ctx, const AioSleeperOps *ops, void *opaque)
{
    assert_home(ctx);
    ctx->sleeper = ops;
    ctx->sleeper_opaque = opaque;
}

/* One list for all nested loops, so that each event is served once. */
static void add_ready(AioContext *ctx, AioHandler *handler)
{
    if (!handler->in_ready_list) {
        TAILQ_INSERT_TAIL(&ctx->ready, handler, node_ready);
        handler->in_ready_list = true;
    }
}

void aio_handler_set_ready(AioContext *ctx, AioHandler *handler,
                           uint32_t revents)
{
    handler->revents |= revents;
    add_ready(ctx, handler);
}

static void call_handler(AioHandler *handler)
{
    uint32_t revents = handler->revents;
    bool poll_ready = handler->poll_ready;
    const AioHandlerOps *ops = handler->ops;

    handler->revents = 0;
    handler->poll_ready = false;
    if (poll_ready && ops->io_poll_ready) {
        handler->in_poll_ready = true;
        ops->io_poll_ready(handler->opaque);
        handler->in_poll_ready = false;
    }
    if (!handler->deleted && ops->io_read &&
        revents & (POLLIN | POLLHUP | POLLERR)) {
        ops->io_read(handler->opaque);
    }
    if (!handler->deleted && ops->io_write && revents & (POLLOUT | POLLERR)) {
        ops->io_write(handler->opaque);
    }
}

static void notifier_read(void *opaque);

static bool dispatch_ready(AioContext *ctx)
{
    AioHandler *handler;
    bool progress = false;

    if (TAILQ_EMPTY(&ctx->ready)) {
        return false;
    }
    begin_walk(ctx);
    while ((handler = TAILQ_FIRST(&ctx->ready))) {
        TAILQ_REMOVE(&ctx->ready, handler, node_ready);
        handler->in_ready_list = false;
        progress |= handler->ops->io_read != notifier_read;
        call_handler(handler);
    }
    end_walk(ctx);
    return progress;
}

/* ---- notify ------------------------------------------------------------ */

/*
 * Publisher and sleeper each write one flag and then read the other's.  Both
 * do so with sequentially consistent operations, so at least one of them sees
 * what the other wrote: either we see notify_me and write to the notifier, or
 * the sleeper sees `notified` and does not sleep.
 */
void aio_notify(AioContext *ctx)
{
    counter_add_shared(&ctx->counters.notify.calls, 1);

    /* Pairs with begin_sleep(): it adds to notify_me, then reads notified. */
    __atomic_store_n(&ctx->notified, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&ctx->notify_me, __ATOMIC_SEQ_CST)) {
        counter_add_shared(&ctx->counters.notify.writes, 1);
        event_notifier_set(&ctx->notifier);
    } else {
        counter_add_shared(&ctx->counters.notify.suppressed, 1);
    }
}

/* Returns whether it is safe to sleep. */
static bool begin_sleep(AioContext *ctx)
{
    /* Pairs with aio_notify(): it stores notified, then reads notify_me. */
    __atomic_fetch_add(&ctx->notify_me, 2, __ATOMIC_SEQ_CST);
    return !__atomic_load_n(&ctx->notified, __ATOMIC_SEQ_CST) &&
           bh_timeout_ns(ctx) != 0;
}

static void end_sleep(AioContext *ctx)
{
    __atomic_fetch_sub(&ctx->notify_me, 2, __ATOMIC_RELEASE);
}

/*
 * From here on all that was published is looked at.  Acquire: pairs with the
 * store in aio_notify(), so that the round that follows sees its cause.
 */
static void accept_notify(AioContext *ctx)
{
    if (__atomic_load_n(&ctx->notified, __ATOMIC_RELAXED)) {
        __atomic_exchange_n(&ctx->notified, 0, __ATOMIC_ACQ_REL);
        ctx->counters.notify.accepted++;
    }
}

/* It has ended the sleep; that was all it was for. */
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

static const AioHandlerOps notifier_ops = {
    .io_read = notifier_read,
    .io_poll = notifier_poll,
};

/* ---- one round --------------------------------------------------------- */

/*
 * Ask every poll handler once.  Inside its own io_poll_ready a handler is
 * left to the fd monitor, or a nested loop would enter it again for ever.
 */
static bool look(AioContext *ctx)
{
    AioHandler *handler;
    bool found = false;

    ctx->counters.poll.iterations++;
    begin_walk(ctx);
    TAILQ_FOREACH(handler, &ctx->handlers, node) {
        bool is_entered = handler->in_poll_ready && handler->fd != AIO_NO_FD;

        if (handler->deleted || is_entered ||
            !handler->ops->io_poll(handler->opaque)) {
            continue;
        }
        handler->poll_ready = true;
        add_ready(ctx, handler);
        found = true;
    }
    end_walk(ctx);
    return found;
}

static bool can_poll(const AioContext *ctx)
{
    return ctx->poll_disable_cnt == 0 && !ctx->sleeper;
}

static bool wants_to_poll(const AioContext *ctx)
{
    return ctx->poll_while_in_flight || ctx->adaptive.max > 0;
}

typedef enum PollOutcome {
    POLL_FOUND,    /* something is ready */
    POLL_TIME_UP,  /* @until has come */
    POLL_GIVEN_UP, /* looked long enough: sleep */
} PollOutcome;

/* When to give up, having begun at @start. */
static uint64_t poll_end(const AioContext *ctx, uint64_t start)
{
    if (ctx->poll_while_in_flight && ctx->in_flight > 0) {
        return UINT64_MAX;
    }
    return start + ctx->budget.ticks;
}

/* Look until something is there, until @until, or until it is long enough. */
static PollOutcome busy_poll(AioContext *ctx, uint64_t start, uint64_t until)
{
    PollCounters *counters = &ctx->counters.poll;
    uint64_t end = poll_end(ctx, start), now = start;

    while (now < until && now < end) {
        for (int i = 0; i < LOOKS_PER_CLOCK_READING; i++) {
            if (look(ctx)) {
                now = aio_context_read_clock(ctx);
                counters->hits++;
                counters->ns += clock_ticks_to_ns(ctx->clock, now - start);
                return POLL_FOUND;
            }
        }
        now = aio_context_read_clock(ctx);
    }
    if (now > start) {
        counters->misses++;
        counters->ns += clock_ticks_to_ns(ctx->clock, now - start);
    }
    return now >= until ? POLL_TIME_UP : POLL_GIVEN_UP;
}

static void count_change(AioContext *ctx, PollChange change)
{
    ctx->counters.poll.grow += change == POLL_GREW;
    ctx->counters.poll.shrink += change == POLL_SHRANK;
}

/*
 * Events are ready after @waited, which does not contain the handlers' own
 * time.  What only the notifier ended was no event of a handler's.
 */
static void adapt(AioContext *ctx, uint64_t waited)
{
    AioHandler *handler;
    bool is_event = false;

    TAILQ_FOREACH(handler, &ctx->ready, node_ready) {
        if (handler->ops->io_read == notifier_read || !handler->ops->io_poll) {
            continue;
        }
        is_event = true;
        if (ctx->adaptive.rule == POLL_RULE_WEIGHTED) {
            count_change(ctx, adaptive_poll_event(&ctx->adaptive,
                                                  &handler->budget, waited));
        }
    }
    if (!is_event) {
        return;
    }
    if (ctx->adaptive.rule == POLL_RULE_STEP) {
        count_change(ctx, adaptive_poll_event(&ctx->adaptive, &ctx->budget,
                                              waited));
        return;
    }
    ctx->budget.ticks = 0;
    TAILQ_FOREACH(handler, &ctx->handlers, node) {
        if (!handler->deleted && handler->budget.ticks > ctx->budget.ticks) {
            ctx->budget.ticks = handler->budget.ticks;
        }
    }
}

/* How long to sleep so as to be awake at @until. */
static int64_t ns_until(AioContext *ctx, uint64_t until)
{
    uint64_t now;

    if (until == UINT64_MAX) {
        return -1;
    }
    now = until ? aio_context_fresh_now(ctx) : 0;
    return until > now ? (int64_t)clock_ticks_to_ns(ctx->clock, until - now) + 1
                       : 0;
}

static void wait_in_fdmon(AioContext *ctx, int64_t timeout_ns)
{
    int ret = ctx->fdmon->ops->wait(ctx->fdmon, timeout_ns);

    if (ret < 0 && (!ctx->fdmon->ops->is_replaceable ||
                    fall_back_to_ppoll(ctx, &ctx->failure) < 0)) {
        error_set(&ctx->failure, ctx->fdmon->ops->wait_call, -ret, 0);
    }
}

static void wait_in_sleeper(AioContext *ctx, int64_t timeout_ns)
{
    int ret = ctx->sleeper->sleep(ctx->sleeper_opaque, timeout_ns);

    if (ret < 0) {
        error_set(&ctx->failure, ctx->sleeper->call, -ret, 0);
    }
}

static void wait_once(AioContext *ctx, int64_t timeout_ns)
{
    if (timeout_ns == 0) {
        ctx->counters.loop.zero_timeout++;
    } else {
        ctx->counters.loop.blocking++;
        ctx->counters.loop.slept_in_flight += ctx->in_flight > 0;
    }
    if (ctx->sleeper && ctx->sleeper->wants(ctx->sleeper_opaque)) {
        wait_in_sleeper(ctx, timeout_ns);
    } else {
        wait_in_fdmon(ctx, timeout_ns);
    }
}

static void wait_for_events(AioContext *ctx, uint64_t until)
{
    int64_t timeout_ns = ns_until(ctx, until);

    ctx->now_is_fresh = false; /* time will pass */
    if (timeout_ns == 0) {
        wait_once(ctx, 0);
    } else {
        wait_once(ctx, begin_sleep(ctx) ? timeout_ns : 0);
        end_sleep(ctx);
    }
}

/* When the round must be under way again, in ticks; 0: at once. */
static uint64_t wake_up_time(AioContext *ctx)
{
    uint64_t deadline = timers_deadline(ctx);
    int64_t bh_ns = bh_timeout_ns(ctx);

    if (bh_ns == 0 || !TAILQ_EMPTY(&ctx->ready)) {
        return 0;
    }
    if (bh_ns > 0) {
        uint64_t bh_deadline = aio_context_fresh_now(ctx) +
                               clock_ns_to_ticks(ctx->clock, (uint64_t)bh_ns);
        deadline = bh_deadline < deadline ? bh_deadline : deadline;
    }
    return deadline;
}

/* Wait for something to do until @until; 0: only look. */
static void look_or_wait(AioContext *ctx, uint64_t until)
{
    PollOutcome outcome = POLL_GIVEN_UP;
    uint64_t start;

    if (!can_poll(ctx)) {
        ctx->counters.poll.disabled++;
        wait_for_events(ctx, until);
        return;
    }
    /* Seeing all handlers, it is the look that a timeout of 0 owes. */
    if ((until == 0 || wants_to_poll(ctx)) && look(ctx)) {
        ctx->counters.poll.hits++;
        if (ctx->adaptive.max > 0) {
            adapt(ctx, 0);
        }
        return;
    }
    if (until == 0) {
        return;
    }
    start = aio_context_fresh_now(ctx);
    if (wants_to_poll(ctx)) {
        outcome = busy_poll(ctx, start, until);
    }
    if (outcome == POLL_GIVEN_UP) {
        wait_for_events(ctx, until);
    }
    if (ctx->adaptive.max > 0) {
        adapt(ctx, aio_context_fresh_now(ctx) - start);
    }
}

bool aio_poll(AioContext *ctx, bool blocking)
{
    bool progress;

    assert_home(ctx);
    ctx->depth++;
    ctx->counters.loop.iterations++;
    look_or_wait(ctx, blocking ? wake_up_time(ctx) : 0);
    accept_notify(ctx);
    progress = bh_poll(ctx);
    progress |= dispatch_ready(ctx);
    if (timers_deadline(ctx) != UINT64_MAX) {
        aio_context_fresh_now(ctx);
        progress |= timers_run(ctx);
    }
    ctx->now_is_fresh = false;
    ctx->depth--;
    return progress;
}

/* All counters are uint64_t, so the groups of them are one array. */
Counters aio_context_counters(const AioContext *ctx)
{
    Counters copy;
    const uint64_t *from = (const uint64_t *)&ctx->counters;
    uint64_t *to = (uint64_t *)&copy;

    _Static_assert(sizeof(Counters) % sizeof(uint64_t) == 0, "only counters");
    for (size_t i = 0; i < sizeof(Counters) / sizeof(uint64_t); i++) {
        to[i] = counter_read(&from[i]);
    }
    return copy;
}

/* ---- life -------------------------------------------------------------- */

void aio_context_set_polling(AioContext *ctx, PollRule rule, uint64_t max_ns,
                             uint32_t grow, uint32_t shrink)
{
    AioHandler *handler;

    ctx->adaptive = (AdaptivePoll){
        .rule = rule,
        .max = clock_ns_to_ticks(ctx->clock, max_ns),
        .first = clock_ns_to_ticks(ctx->clock, ADAPTIVE_POLL_FIRST_NS),
        .grow = grow,
        .shrink = shrink,
    };
    ctx->budget = (PollBudget){0};
    TAILQ_FOREACH(handler, &ctx->handlers, node) {
        handler->budget = (PollBudget){0};
    }
    aio_notify(ctx);
}

void aio_context_set_home(AioContext *ctx)
{
    ctx->home = pthread_self();
}

static int open_fdmon(AioContext *ctx, FdMonKind kind, Error *error)
{
    if (kind == FDMON_EPOLL) {
        ctx->fdmon = fdmon_epoll_new(ctx, NULL);
        ctx->fdmon_fell_back = !ctx->fdmon;
    }
    if (!ctx->fdmon) {
        ctx->fdmon = fdmon_ppoll_new(ctx, error);
    }
    return ctx->fdmon ? 0 : -ENOMEM;
}

int aio_context_init(AioContext *ctx, FdMonKind fdmon, const Clock *clock,
                     Error *error)
{
    int ret;

    *ctx = (AioContext){.clock = clock};
    TAILQ_INIT(&ctx->handlers);
    TAILQ_INIT(&ctx->ready);
    TAILQ_INIT(&ctx->timers);
    TAILQ_INIT(&ctx->timers_due);
    ctx->bh_ready_tail = &ctx->bh_ready;
    aio_context_set_home(ctx);
    aio_context_read_clock(ctx);

    ret = event_notifier_init(&ctx->notifier, error);
    if (ret < 0) {
        return ret;
    }
    ret = open_fdmon(ctx, fdmon, error);
    if (ret < 0) {
        goto out_notifier;
    }
    ret = aio_set_fd_handler(ctx, ctx->notifier.read_fd, &notifier_ops, ctx,
                             error);
    if (ret < 0) {
        goto out_fdmon;
    }
    return 0;

out_fdmon:
    ctx->fdmon->ops->destroy(ctx->fdmon);
out_notifier:
    event_notifier_cleanup(&ctx->notifier);
    return ret;
}

void aio_context_cleanup(AioContext *ctx)
{
    aio_set_fd_handler(ctx, ctx->notifier.read_fd, NULL, NULL, NULL);
    bh_discard_all(ctx);
    assert(TAILQ_EMPTY(&ctx->handlers) && TAILQ_EMPTY(&ctx->timers) &&
           TAILQ_EMPTY(&ctx->timers_due) && ctx->depth == 0);
    ctx->fdmon->ops->destroy(ctx->fdmon);
    event_notifier_cleanup(&ctx->notifier);
}

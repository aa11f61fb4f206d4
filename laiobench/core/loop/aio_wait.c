/*
 * How an AioContext waits: it looks at its poll handlers for some time, which
 * adaptive_poll.h computes, then sleeps.  See aio_wait.h.
 */
#define _GNU_SOURCE
#include "loop/aio_wait.h"

#include "loop/aio_handlers.h"
#include "loop/aio_notify.h"
#include "loop/bottom_half.h"
#include "loop/fdmon_choice.h"
#include "loop/ready_list.h"
#include "loop/timer.h"

/* While it polls, it reads the clock once in so many looks at the handlers. */
#define LOOKS_PER_CLOCK_READING 16

/*
 * A timeout costs time in each system call, an alarm only when it is set.  So
 * an alarm is for deadlines that many sleeps will come before.
 */
#define WORTH_AN_ALARM_NS 10000000

/* ---- looking --------------------------------------------------------------- */

/*
 * Ask every poll handler once, except those inside their own io_poll_ready:
 * a nested loop would call these again for ever; the fd monitor serves them.
 */
static bool look(AioContext *ctx)
{
    AioHandler *handler;
    bool found = false;

    ctx->counters.poll.iterations++;
    aio_handlers_begin_walk(ctx);
    TAILQ_FOREACH (handler, &ctx->handlers, node) {
        bool is_entered = handler->in_poll_ready && handler->fd != AIO_NO_FD;

        if (handler->deleted || is_entered ||
            !handler->ops->io_poll(handler->opaque)) {
            continue;
        }
        handler->poll_ready = true;
        aio_handlers_add_ready(ctx, handler);
        found = true;
    }
    aio_handlers_end_walk(ctx);
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
    POLL_TIME_UP,  /* it is @until */
    POLL_GIVEN_UP, /* looked long enough: sleep */
} PollOutcome;

/* When to give up looking, in ticks, if it began at @start. */
static uint64_t poll_end(const AioContext *ctx, uint64_t start)
{
    if (ctx->poll_while_in_flight && ctx->in_flight > 0) {
        return UINT64_MAX;
    }
    return start + ctx->budget.ticks;
}

/* Look until something is ready, until @until, or for the adaptive time. */
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
 * Events are ready after @waited, which does not include the time that handlers
 * took.  A wait that only the notifier ended counts as no event.
 */
static void adapt(AioContext *ctx, uint64_t waited)
{
    AioHandler *handler;
    bool is_event = false, has_converged = true;

    TAILQ_FOREACH (handler, &ctx->ready, node_ready) {
        if (handler->ops->is_wake_up || !handler->ops->io_poll) {
            continue;
        }
        is_event = true;
        if (ctx->adaptive.rule == POLL_RULE_WEIGHTED) {
            count_change(ctx, adaptive_poll_event(&ctx->adaptive,
                                                  &handler->budget, waited));
            has_converged &= adaptive_poll_has_converged(&handler->budget);
        }
    }
    if (!is_event) {
        return;
    }
    ctx->poll_has_converged = has_converged;
    if (ctx->adaptive.rule == POLL_RULE_STEP) {
        count_change(ctx,
                     adaptive_poll_event(&ctx->adaptive, &ctx->budget, waited));
        return;
    }
    ctx->budget.ticks = 0;
    TAILQ_FOREACH (handler, &ctx->handlers, node) {
        if (!handler->deleted && handler->budget.ticks > ctx->budget.ticks) {
            ctx->budget.ticks = handler->budget.ticks;
        }
    }
}

/* ---- sleeping -------------------------------------------------------------- */

static bool sleeps_elsewhere(AioContext *ctx)
{
    return ctx->sleeper && ctx->sleeper->wants(ctx->sleeper_opaque);
}

/* Is an alarm set that ends the sleep at @until or before? */
static bool has_alarm_by(const AioContext *ctx, uint64_t until)
{
    return ctx->fdmon->alarm <= until && !ctx->sleeper;
}

static bool set_alarm(AioContext *ctx, uint64_t until, int64_t ns)
{
    FdMon *mon = ctx->fdmon;

    if (ctx->sleeper || !mon->ops->set_alarm || !mon->ops->set_alarm(mon, ns)) {
        return false;
    }
    mon->alarm = until;
    return true;
}

/* How long to sleep so as to be awake at @until; -1: something else sees to it. */
static int64_t timeout_until(AioContext *ctx, uint64_t until)
{
    uint64_t now;
    int64_t ns;

    if (until == 0) {
        return 0;
    }
    if (until == UINT64_MAX || has_alarm_by(ctx, until)) {
        return -1;
    }
    now = aio_context_fresh_now(ctx);
    if (until <= now) {
        return 0;
    }
    ns = (int64_t)clock_ticks_to_ns(ctx->clock, until - now) + 1;
    return ns >= WORTH_AN_ALARM_NS && set_alarm(ctx, until, ns) ? -1 : ns;
}

static void wait_in_fdmon(AioContext *ctx, int64_t timeout_ns)
{
    int ret = ctx->fdmon->ops->wait(ctx->fdmon, timeout_ns);

    if (ret < 0 && (!ctx->fdmon->ops->is_replaceable ||
                    fdmon_fall_back_to_ppoll(ctx, &ctx->failure) < 0)) {
        error_set(&ctx->failure, ctx->fdmon->ops->wait_call, -ret, 0);
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
    if (sleeps_elsewhere(ctx)) {
        ctx->sleeper->sleep(ctx->sleeper_opaque, timeout_ns);
    } else {
        wait_in_fdmon(ctx, timeout_ns);
    }
}

/* In this order; see aio_notify_begin_sleep(). */
bool aio_begin_sleep(AioContext *ctx)
{
    return aio_notify_begin_sleep(ctx) && bh_timeout_ns(ctx) != 0;
}

static void wait_for_events(AioContext *ctx, uint64_t until)
{
    int64_t timeout_ns = timeout_until(ctx, until);

    ctx->now_is_fresh = false; /* time will pass */
    if (timeout_ns == 0) {
        wait_once(ctx, 0);
    } else {
        wait_once(ctx, aio_begin_sleep(ctx) ? timeout_ns : 0);
        aio_notify_end_sleep(ctx);
    }
}

/* When the sleep must end, in ticks; 0: do not sleep. */
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

/*
 * The first look found nothing: look for the adaptive time, then sleep.
 */
static void wait_with_polling(AioContext *ctx, uint64_t until)
{
    uint64_t start = aio_context_fresh_now(ctx);
    PollOutcome outcome = POLL_GIVEN_UP;

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

void aio_look_or_wait(AioContext *ctx, bool blocking)
{
    uint64_t until;

    if (!can_poll(ctx)) {
        ctx->counters.poll.disabled++;
        wait_for_events(ctx, blocking ? wake_up_time(ctx) : 0);
        return;
    }
    /* This look asks all handlers, so a wait with a timeout of 0 needs no other. */
    if (wants_to_poll(ctx) && look(ctx)) {
        ctx->counters.poll.hits++;
        if (ctx->adaptive.max > 0) {
            adapt(ctx, 0);
        }
        return;
    }
    until = blocking ? wake_up_time(ctx) : 0;
    if (until > 0) {
        wait_with_polling(ctx, until);
    } else if (!wants_to_poll(ctx) && look(ctx)) {
        ctx->counters.poll.hits++;
    }
}

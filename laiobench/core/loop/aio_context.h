/*
 * AioContext: the event loop.  It owns fd handlers, bottom halves, timers
 * and a notifier, and runs them one round at a time in aio_poll().  Of requests
 * it knows only how many are in flight.
 *
 * Threads: any thread may call bh_new(), bh_schedule*(), bh_cancel(),
 * bh_delete() and aio_notify().  Everything else runs on the context's home
 * thread, which is asserted.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "loop/adaptive_poll.h"
#include "base/clock.h"
#include "base/counter.h"
#include "contract/counters.h"
#include "base/error.h"
#include "base/event_notifier.h"

typedef struct AioContext AioContext;
typedef struct AioHandler AioHandler;
typedef struct BottomHalf BottomHalf;
typedef struct FdMon FdMon;
typedef struct Timer Timer;

typedef TAILQ_HEAD(AioHandlerList, AioHandler) AioHandlerList;
typedef TAILQ_HEAD(TimerList, Timer) TimerList;

/* What to call for a descriptor; any of them may be NULL. */
typedef struct AioHandlerOps {
    void (*io_read)(void *opaque);       /* it is readable */
    void (*io_write)(void *opaque);      /* it is writable */
    bool (*io_poll)(void *opaque);       /* is there work?  No system call. */
    void (*io_poll_ready)(void *opaque); /* io_poll said so: do the work */
    bool is_wake_up; /* it only ends a sleep; its call is not progress */
} AioHandlerOps;

/*
 * A replacement for the fd monitor's sleep: a system call that sees its own
 * events, but no descriptors.  The loop sleeps in it whenever wants() says so.
 */
typedef struct AioSleeperOps {
    bool (*wants)(void *opaque);
    /*
     * For @timeout_ns at most (0: only look; -1: for ever).  If that fails, it
     * sets the context's failure.
     */
    void (*sleep)(void *opaque, int64_t timeout_ns);
} AioSleeperOps;

struct AioHandler {
    const AioHandlerOps *ops;
    void *opaque;
    int fd;           /* AIO_NO_FD: it has only io_poll */
    uint32_t revents; /* what the fd monitor saw, as poll(2) events */
    bool poll_ready;  /* what io_poll saw */
    bool in_ready_list;
    bool in_poll_ready; /* its io_poll_ready is running */
    PollBudget budget;  /* used by the weighted rule */
    bool deleted;       /* freed when nobody walks the list any more */
    TAILQ_ENTRY(AioHandler) node;
    TAILQ_ENTRY(AioHandler) node_ready;
};

#define AIO_NO_FD (-1)

struct AioContext {
    /* Read in every round: kept together. */
    const Clock *clock;
    uint64_t now;      /* ticks; the loop's latest reading of the clock */
    bool now_is_fresh; /* `now` was read in this round */
    bool poll_while_in_flight; /* poll mode: never sleep on requests */
    AdaptivePoll adaptive;     /* otherwise: how long to look before sleeping */
    /* that time; if weighted, the longest of the handlers' */
    PollBudget budget;
    /* events at the first look change nothing any more */
    bool poll_has_converged;
    uint32_t in_flight;   /* requests that engines have in flight */
    uint32_t depth;       /* of aio_poll() calls; > 1: nested */
    int poll_disable_cnt; /* handlers that can't be polled */
    int walking_handlers;
    bool deleted_handlers; /* there are some to free */
    AioHandlerList handlers;
    /* found ready, not called yet; nested loops use the same list */
    AioHandlerList ready;
    FdMon *fdmon;
    const AioSleeperOps *sleeper; /* NULL: none */
    void *sleeper_opaque;

    /* Bottom halves: pushed by any thread, moved to `bh_ready` and run here. */
    BottomHalf *bh_incoming; /* atomic */
    BottomHalf *bh_ready;
    BottomHalf **bh_ready_tail;

    TimerList timers;     /* by deadline */
    TimerList timers_due; /* no longer in `timers`, not called yet */

    /* The notify protocol: see aio_notify(). */
    /* atomic; > 0: the home thread sleeps, or is about to */
    uint32_t notify_me;
    uint32_t notified; /* atomic flag */
    EventNotifier notifier;

    pthread_t home;
    bool fdmon_fell_back; /* epoll failed in use; ppoll took over */
    Error failure;        /* the first in the loop itself: it ends the run */
    Counters counters;
};

/* Make the calling thread the home thread. */
void aio_context_set_home(AioContext *ctx);

/* Abort if the calling thread is another one; in every build. */
void aio_context_assert_home(const AioContext *ctx);

static inline uint64_t aio_context_read_clock(AioContext *ctx)
{
    ctx->now = clock_now(ctx->clock);
    ctx->now_is_fresh = true;
    return ctx->now;
}

/* The time of this round: the first call in a round reads the clock. */
static inline uint64_t aio_context_fresh_now(AioContext *ctx)
{
    return ctx->now_is_fresh ? ctx->now : aio_context_read_clock(ctx);
}

/*
 * Watch @fd.  @ops replaces its earlier handler; NULL, or all members NULL,
 * deletes it.  May be called at any time, also in callbacks, and also for the
 * handler that is running.
 */
int aio_set_fd_handler(AioContext *ctx, int fd, const AioHandlerOps *ops,
                       void *opaque, Error *error);

/*
 * The same for work that no descriptor shows; @opaque identifies the handler.
 * Its io_poll_ready must take the work before it runs a nested loop.
 */
int aio_set_poll_handler(AioContext *ctx, const AioHandlerOps *ops,
                         void *opaque, Error *error);

/*
 * Sleep in @ops instead of the fd monitor, whenever it wants to; NULL: end this.
 * With a sleeper, handlers are not polled: its call sees more than they do.
 */
void aio_set_sleeper(AioContext *ctx, const AioSleeperOps *ops, void *opaque);

/*
 * Make the home thread look for work again.  Any thread.  The caller must have
 * made the work visible before.
 */
void aio_notify(AioContext *ctx);

/* A copy of the counters; other threads may add to some meanwhile.  Any thread. */
Counters aio_context_counters(const AioContext *ctx);

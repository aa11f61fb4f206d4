/*
 * An fd monitor sleeps until a descriptor of an AioContext is ready.  Each kind
 * has a file and a table of functions; the context does not know which kind it
 * has.
 */
#pragma once

#include <poll.h>

#include "loop/aio_context.h"

typedef enum FdMonKind { FDMON_EPOLL, FDMON_PPOLL } FdMonKind;

typedef struct FdMonOps {
    const char *name;
    const char *wait_call; /* the system call in wait(), for errors */

    void (*destroy)(FdMon *mon);

    /* @old is replaced by @new; either may be NULL.  0 or -errno. */
    int (*update)(FdMon *mon, AioHandler *old, AioHandler *new);

    /*
     * Sleep for @timeout_ns at most (0: only look; -1: for ever) and pass
     * what is ready to aio_handler_set_ready().  0 or -errno; a signal is no
     * error.
     */
    int (*wait)(FdMon *mon, int64_t timeout_ns);

    /*
     * Set an alarm that ends a sleep in @ns, once.  Unlike a timeout it costs
     * nothing in each wait().  False if it fails; NULL if there are no alarms.
     */
    bool (*set_alarm)(FdMon *mon, int64_t ns);

    bool is_replaceable; /* by ppoll, when it fails */
} FdMonOps;

struct FdMon {
    const FdMonOps *ops;
    AioContext *ctx;
    /* when it is set to end a sleep, ticks; UINT64_MAX: not set */
    uint64_t alarm;
};

FdMon *fdmon_epoll_new(AioContext *ctx, Error *error);
FdMon *fdmon_ppoll_new(AioContext *ctx, Error *error);

/* The events to wait for, as poll(2) has them: POLLIN, POLLOUT, both or none. */
static inline uint32_t fdmon_events(const AioHandler *handler)
{
    if (handler->fd == AIO_NO_FD) {
        return 0;
    }
    return (handler->ops->io_read ? POLLIN : 0u) |
           (handler->ops->io_write ? POLLOUT : 0u);
}

/*
 * An fd monitor sleeps until a descriptor of an AioContext is ready.  One
 * table of functions, one file for each that there is; the context does not
 * know which it has.
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
     * End a sleep in @ns, once, without a timeout: what is set once costs
     * nothing in each call.  False if it can't.  NULL if it never can.
     */
    bool (*set_alarm)(FdMon *mon, int64_t ns);

    bool is_replaceable; /* by ppoll, when it fails */
} FdMonOps;

struct FdMon {
    const FdMonOps *ops;
    AioContext *ctx;
    uint64_t alarm; /* when it ends a sleep, ticks; UINT64_MAX: never */
};

FdMon *fdmon_epoll_new(AioContext *ctx, Error *error);
FdMon *fdmon_ppoll_new(AioContext *ctx, Error *error);

/* What poll(2) shall look for: POLLIN, POLLOUT, both or none. */
static inline uint32_t fdmon_events(const AioHandler *handler)
{
    if (handler->fd == AIO_NO_FD) {
        return 0;
    }
    return (handler->ops->io_read ? POLLIN : 0u) |
           (handler->ops->io_write ? POLLOUT : 0u);
}

/*
 * The fd monitor that always works: ppoll(2) over an array, which is made
 * anew when a handler changes, and never while it waits.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "loop/fdmon.h"
#include "loop/ready_list.h"

typedef struct FdMonPpoll {
    FdMon base;
    struct pollfd *fds;
    AioHandler **handlers; /* each has the index of its pollfd */
    size_t count, capacity;
} FdMonPpoll;

static void ppoll_destroy(FdMon *base)
{
    FdMonPpoll *mon = (FdMonPpoll *)base;

    free(mon->fds);
    free(mon->handlers);
    free(mon);
}

static int ppoll_reserve(FdMonPpoll *mon, size_t capacity)
{
    struct pollfd *fds;
    AioHandler **handlers;

    if (capacity <= mon->capacity) {
        return 0;
    }
    fds = realloc(mon->fds, capacity * sizeof(*fds));
    if (!fds) {
        return -ENOMEM;
    }
    mon->fds = fds;
    handlers = realloc(mon->handlers, capacity * sizeof(*handlers));
    if (!handlers) {
        return -ENOMEM;
    }
    mon->handlers = handlers;
    mon->capacity = capacity;
    return 0;
}

/* Handlers are few and seldom change, so the whole array is made anew. */
static int ppoll_update(FdMon *base, AioHandler *old, AioHandler *new)
{
    FdMonPpoll *mon = (FdMonPpoll *)base;
    AioHandler *handler;
    size_t count = 0;

    (void)new;
    TAILQ_FOREACH (handler, &base->ctx->handlers, node) {
        count++;
    }
    if (ppoll_reserve(mon, count) < 0) {
        return -ENOMEM;
    }
    mon->count = 0;
    TAILQ_FOREACH (handler, &base->ctx->handlers, node) {
        if (handler->deleted || handler == old || !fdmon_events(handler)) {
            continue;
        }
        mon->fds[mon->count] = (struct pollfd){
            .fd = handler->fd,
            .events = (short)fdmon_events(handler),
        };
        mon->handlers[mon->count++] = handler;
    }
    return 0;
}

static int ppoll_wait(FdMon *base, int64_t timeout_ns)
{
    FdMonPpoll *mon = (FdMonPpoll *)base;
    struct timespec timeout = {
        .tv_sec = timeout_ns / 1000000000,
        .tv_nsec = timeout_ns % 1000000000,
    };
    int ready;

    base->ctx->counters.loop.ppoll++;
    ready = ppoll(mon->fds, mon->count, timeout_ns < 0 ? NULL : &timeout, NULL);
    if (ready < 0) {
        return errno == EINTR ? 0 : -errno;
    }
    for (size_t i = 0; ready > 0 && i < mon->count; i++) {
        if (mon->fds[i].revents) {
            aio_handler_set_ready(base->ctx, mon->handlers[i],
                                  (uint32_t)mon->fds[i].revents);
            ready--;
        }
    }
    return 0;
}

static const FdMonOps ppoll_ops = {
    .name = "ppoll",
    .wait_call = "ppoll",
    .destroy = ppoll_destroy,
    .update = ppoll_update,
    .wait = ppoll_wait,
};

FdMon *fdmon_ppoll_new(AioContext *ctx, Error *error)
{
    FdMonPpoll *mon = calloc(1, sizeof(*mon));

    if (!mon) {
        error_set(error, "malloc", ENOMEM, sizeof(*mon));
        return NULL;
    }
    mon->base.ops = &ppoll_ops;
    mon->base.ctx = ctx;
    mon->base.alarm = UINT64_MAX;
    return &mon->base;
}

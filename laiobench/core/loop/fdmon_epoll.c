/*
 * The fd monitor on epoll(7).  The kernel keeps the set of descriptors, so a
 * deleted handler must leave it at once: another file may get its descriptor's
 * number before the next wait.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "loop/fdmon.h"
#include "loop/ready_list.h"
#include "base/compiler.h"
#include "base/raw_syscalls.h"

#define EVENTS_PER_WAIT 64
#define NS_PER_MS 1000000
#define NS_PER_S 1000000000

/*
 * epoll_wait() counts in milliseconds.  A sleep shorter than this needs the
 * finer epoll_pwait2(); a longer one ends up to 1 ms early and is resumed.
 */
#define COARSE_ENOUGH_NS (2 * NS_PER_MS)

typedef struct FdMonEpoll {
    FdMon base;
    int epoll_fd;
    int alarm_fd;   /* a timerfd in the set, without a handler; -1: none */
    bool no_pwait2; /* Linux before 5.11 */
    struct epoll_event events[EVENTS_PER_WAIT];
} FdMonEpoll;

/* The code passes poll(2)'s bits to epoll: check that they are the same. */
_Static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT &&
                   EPOLLERR == POLLERR && EPOLLHUP == POLLHUP,
               "epoll and poll events differ");

static void epoll_destroy(FdMon *base)
{
    FdMonEpoll *mon = (FdMonEpoll *)base;

    if (mon->alarm_fd >= 0) {
        close(mon->alarm_fd);
    }
    close(mon->epoll_fd);
    free(mon);
}

/* ---- the alarm ----------------------------------------------------------- */

/* A kernel without timerfds has no alarm.  0, or -errno if epoll itself fails. */
static int open_alarm(FdMonEpoll *mon)
{
    struct epoll_event event = {.events = EPOLLIN};

    mon->base.alarm = UINT64_MAX;
    mon->alarm_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (mon->alarm_fd < 0) {
        return 0;
    }
    return epoll_ctl(mon->epoll_fd, EPOLL_CTL_ADD, mon->alarm_fd, &event) < 0
               ? -errno
               : 0;
}

static bool epoll_set_alarm(FdMon *base, int64_t ns)
{
    FdMonEpoll *mon = (FdMonEpoll *)base;
    struct itimerspec when = {
        .it_value = {.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S},
    };

    return mon->alarm_fd >= 0 &&
           timerfd_settime(mon->alarm_fd, 0, &when, NULL) == 0;
}

/* The alarm has ended a sleep; nothing else is to be done. */
static void alarm_rings(FdMonEpoll *mon)
{
    uint64_t expirations;

    if (read(mon->alarm_fd, &expirations, sizeof(expirations)) > 0) {
        mon->base.alarm = UINT64_MAX;
    }
}

/* ---- the set --------------------------------------------------------------- */

static bool is_watched(const AioHandler *handler)
{
    return handler && fdmon_events(handler) != 0;
}

static int epoll_update(FdMon *base, AioHandler *old, AioHandler *new)
{
    FdMonEpoll *mon = (FdMonEpoll *)base;
    struct epoll_event event = {0};
    int op;

    if (is_watched(new)) {
        event.events = fdmon_events(new);
        event.data.ptr = new;
        op = is_watched(old) ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
        return epoll_ctl(mon->epoll_fd, op, new->fd, &event) < 0 ? -errno : 0;
    }
    if (is_watched(old) &&
        epoll_ctl(mon->epoll_fd, EPOLL_CTL_DEL, old->fd, &event) < 0 &&
        errno != ENOENT && errno != EBADF && errno != EPERM) {
        return -errno; /* a descriptor that was closed has left the set by itself */
    }
    return 0;
}

/* ---- sleeping -------------------------------------------------------------- */

/* Sleep for less than a few milliseconds, precisely. */
static int wait_short(FdMonEpoll *mon, int64_t timeout_ns)
{
    struct timespec timeout = {.tv_nsec = timeout_ns};
    struct pollfd itself = {.fd = mon->epoll_fd, .events = POLLIN};

#ifdef SYS_epoll_pwait2
    if (!mon->no_pwait2) {
        long ready = syscall(SYS_epoll_pwait2, mon->epoll_fd, mon->events,
                             EVENTS_PER_WAIT, &timeout, NULL, 0);
        if (ready >= 0 || errno != ENOSYS) {
            mon->base.ctx->counters.loop.epoll_wait++;
            return (int)ready;
        }
        mon->no_pwait2 = true;
    }
#endif
    mon->base.ctx->counters.loop.ppoll++;
    if (ppoll(&itself, 1, &timeout, NULL) < 0) {
        return -1;
    }
    mon->base.ctx->counters.loop.epoll_wait++;
    return epoll_wait(mon->epoll_fd, mon->events, EVENTS_PER_WAIT, 0);
}

static int wait_long(FdMonEpoll *mon, int64_t timeout_ns)
{
    int64_t timeout_ms = timeout_ns < 0 ? -1 : timeout_ns / NS_PER_MS;

    mon->base.ctx->counters.loop.epoll_wait++;
    return raw_epoll_wait(mon->epoll_fd, mon->events, EVENTS_PER_WAIT,
                          timeout_ms > INT_MAX ? INT_MAX : (int)timeout_ms);
}

static HOT_PATH int epoll_wait_events(FdMon *base, int64_t timeout_ns)
{
    FdMonEpoll *mon = (FdMonEpoll *)base;
    bool is_short = timeout_ns > 0 && timeout_ns < COARSE_ENOUGH_NS;
    int ready = is_short ? wait_short(mon, timeout_ns)
                         : wait_long(mon, timeout_ns);

    if (ready < 0) {
        return errno == EINTR ? 0 : -errno;
    }
    for (int i = 0; i < ready; i++) {
        AioHandler *handler = mon->events[i].data.ptr;

        if (__builtin_expect(!handler, 0)) {
            alarm_rings(mon);
        } else {
            aio_handler_set_ready(base->ctx, handler, mon->events[i].events);
        }
    }
    return 0;
}

static const FdMonOps epoll_ops = {
    .name = "epoll",
    .wait_call = "epoll_wait",
    .destroy = epoll_destroy,
    .update = epoll_update,
    .wait = epoll_wait_events,
    .set_alarm = epoll_set_alarm,
    .is_replaceable = true,
};

FdMon *fdmon_epoll_new(AioContext *ctx, Error *error)
{
    FdMonEpoll *mon = calloc(1, sizeof(*mon));
    int ret;

    if (!mon) {
        error_set(error, "malloc", ENOMEM, sizeof(*mon));
        return NULL;
    }
    mon->base.ops = &epoll_ops;
    mon->base.ctx = ctx;
    mon->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (mon->epoll_fd < 0) {
        error_set(error, "epoll_create1", errno, 0);
        free(mon);
        return NULL;
    }
    ret = open_alarm(mon);
    if (ret < 0) {
        error_set(error, "epoll_ctl", -ret, 0);
        epoll_destroy(&mon->base);
        return NULL;
    }
    return &mon->base;
}

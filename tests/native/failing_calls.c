#define _GNU_SOURCE
#include "failing_calls.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

FailingCalls failing_calls;

static bool fails(FailingCall *call)
{
    void (*before)(void) = call->before;

    call->calls++;
    call->before = NULL;
    if (before) {
        before();
    }
    if (call->failures == 0) {
        return false;
    }
    call->failures--;
    errno = call->code;
    return true;
}

/* The definition that would have been called, but for ours. */
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int eventfd(unsigned count, int flags)
{
    return fails(&failing_calls.eventfd) ? -1 : REAL(eventfd)(count, flags);
}

int pipe2(int ends[2], int flags)
{
    return fails(&failing_calls.pipe2) ? -1 : REAL(pipe2)(ends, flags);
}

ssize_t read(int fd, void *buffer, size_t bytes)
{
    return fails(&failing_calls.read) ? -1 : REAL(read)(fd, buffer, bytes);
}

ssize_t write(int fd, const void *buffer, size_t bytes)
{
    return fails(&failing_calls.write) ? -1 : REAL(write)(fd, buffer, bytes);
}

int epoll_create1(int flags)
{
    return fails(&failing_calls.epoll_create1) ? -1 : REAL(epoll_create1)(flags);
}

int epoll_ctl(int epoll_fd, int op, int fd, struct epoll_event *event)
{
    failing_calls.epoll_op = op;
    return fails(&failing_calls.epoll_ctl)
               ? -1
               : REAL(epoll_ctl)(epoll_fd, op, fd, event);
}

int epoll_wait(int epoll_fd, struct epoll_event *events, int max, int timeout)
{
    return fails(&failing_calls.epoll_wait)
               ? -1
               : REAL(epoll_wait)(epoll_fd, events, max, timeout);
}

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
          const sigset_t *mask)
{
    return fails(&failing_calls.ppoll) ? -1
                                       : REAL(ppoll)(fds, count, timeout, mask);
}

#define _GNU_SOURCE
#include "failing_calls.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
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

/* The C library's own function, which ours replaces. */
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
    return fails(&failing_calls.epoll_create1) ? -1
                                               : REAL(epoll_create1)(flags);
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

/* Without a fake kernel: no call is its own. */
__attribute__((weak)) bool fake_kernel_call(long number, const long a[6],
                                            long *result)
{
    (void)number, (void)a, (void)result;
    return false;
}

/*
 * The system calls that the core makes by number: native AIO, and some of the
 * above.  Like the C library's syscall(), it reads six arguments even if fewer
 * were passed; the address sanitizer must not see that.
 */
__attribute__((no_sanitize("address"))) long syscall(long number, ...)
{
    long a[6], result;
    va_list arguments;

    va_start(arguments, number);
    for (int i = 0; i < 6; i++) {
        a[i] = va_arg(arguments, long);
    }
    va_end(arguments);
    if (fake_kernel_call(number, a, &result)) {
        return result;
    }
    switch (number) {
    case SYS_read:
        return read((int)a[0], (void *)a[1], (size_t)a[2]);
    case SYS_epoll_wait:
        return epoll_wait((int)a[0], (struct epoll_event *)a[1], (int)a[2],
                          (int)a[3]);
    default:
        return REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    }
}

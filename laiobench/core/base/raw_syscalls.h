/*
 * read() and epoll_wait() without the C library's wrappers.  The wrappers are
 * cancellation points, which costs two atomic operations in each call, and the
 * loop makes such a call in every round.  Under the thread sanitizer the wrappers
 * are used, since it knows that they synchronize threads.
 */
#pragma once

#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline ssize_t raw_read(int fd, void *buffer, size_t bytes)
{
#ifdef __SANITIZE_THREAD__
    return read(fd, buffer, bytes);
#else
    return syscall(SYS_read, fd, buffer, bytes);
#endif
}

static inline int raw_epoll_wait(int epoll_fd, struct epoll_event *events,
                                 int max, int timeout_ms)
{
#if defined(__SANITIZE_THREAD__) || !defined(SYS_epoll_wait)
    return epoll_wait(epoll_fd, events, max, timeout_ms);
#else
    return (int)syscall(SYS_epoll_wait, epoll_fd, events, max, timeout_ms);
#endif
}

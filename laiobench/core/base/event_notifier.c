#define _GNU_SOURCE
#include "base/event_notifier.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/raw_syscalls.h"

int event_notifier_init(EventNotifier *notifier, Error *error)
{
    int ends[2];
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

    if (fd >= 0) {
        notifier->read_fd = notifier->write_fd = fd;
        return 0;
    }
    if (errno != ENOSYS) {
        return error_set(error, "eventfd2", errno, 0);
    }
    if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0) {
        return error_set(error, "pipe2", errno, 0);
    }
    notifier->read_fd = ends[0];
    notifier->write_fd = ends[1];
    return 0;
}

void event_notifier_cleanup(EventNotifier *notifier)
{
    if (notifier->read_fd < 0) {
        return;
    }
    close(notifier->read_fd);
    if (notifier->write_fd != notifier->read_fd) {
        close(notifier->write_fd);
    }
    notifier->read_fd = notifier->write_fd = -1;
}

int event_notifier_add(EventNotifier *notifier, uint64_t count)
{
    ssize_t written;

    do {
        written = write(notifier->write_fd, &count, sizeof(count));
    } while (written < 0 && errno == EINTR);

    /* EAGAIN: it is full, so it is readable already. */
    return written < 0 && errno != EAGAIN ? -errno : 0;
}

static ssize_t read_eventfd(int fd, uint64_t *value)
{
    ssize_t got;

    do {
        got = raw_read(fd, value, sizeof(*value));
    } while (got < 0 && errno == EINTR);
    return got;
}

/* Each event_notifier_add() wrote 8 bytes.  After a full buffer there may be more. */
static ssize_t read_pipe(int fd, uint64_t *value)
{
    uint64_t counts[64];
    ssize_t got;

    do {
        got = read(fd, counts, sizeof(counts));
        for (ssize_t i = 0; i < got / (ssize_t)sizeof(counts[0]); i++) {
            *value += counts[i];
        }
    } while (got == (ssize_t)sizeof(counts) || (got < 0 && errno == EINTR));
    return got;
}

int event_notifier_test_and_clear(EventNotifier *notifier, uint64_t *value)
{
    ssize_t got;

    *value = 0;
    got = event_notifier_is_eventfd(notifier)
              ? read_eventfd(notifier->read_fd, value)
              : read_pipe(notifier->read_fd, value);
    if (got < 0 && errno != EAGAIN) {
        return -errno;
    }
    return *value > 0;
}

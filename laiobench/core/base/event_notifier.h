/*
 * A descriptor that one thread makes readable and another sleeps on: an
 * eventfd, or a pipe where the kernel has none.  Knows nothing of who
 * notifies, or why.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

typedef struct EventNotifier {
    int read_fd;
    int write_fd; /* the same as read_fd for an eventfd */
} EventNotifier;

/* An eventfd; a pipe only where eventfd2 is not implemented (ENOSYS). */
int event_notifier_init(EventNotifier *notifier, Error *error);

void event_notifier_cleanup(EventNotifier *notifier);

/* False for the pipe: the kernel does not take a pipe as aio_resfd. */
static inline bool event_notifier_is_eventfd(const EventNotifier *notifier)
{
    return notifier->read_fd == notifier->write_fd;
}

/* Add @count events.  Any thread.  Returns 0, or -errno if nothing was set. */
int event_notifier_add(EventNotifier *notifier, uint64_t count);

static inline int event_notifier_set(EventNotifier *notifier)
{
    return event_notifier_add(notifier, 1);
}

/*
 * Take all events there are.  Returns whether there were any, or -errno;
 * @value gets their number.
 */
int event_notifier_test_and_clear(EventNotifier *notifier, uint64_t *value);

/*
 * The floor: what a loop costs that does nothing but the system calls.  It
 * submits and takes completions as one completion mode does, times nothing
 * and records nothing; what laiobench does beyond that is laiobench's cost.
 *
 * An engine opens its queue, submits all requests that are ready, and has a
 * function for each mode that makes one round: submit, notice, reap.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    BLOCK_BYTES = 4096,
    TABLE_SIZE = 1 << 20,      /* offsets; a power of two */
    LOOKS_BEFORE_SLEEP = 1000, /* adaptive */
};

typedef struct Floor {
    int fd;
    int eventfd, epoll;
    uint32_t batch, depth;
    uint8_t *buffers; /* of all requests */
    uint64_t *offsets;
    uint32_t next_offset;
    uint64_t ios;
    void *engine; /* what it has opened */
} Floor;

typedef struct FloorMode {
    const char *name;
    void (*round)(Floor *floor);
    bool needs_eventfd;
} FloorMode;

typedef struct FloorEngine {
    const char *name;
    void (*open)(Floor *floor, const FloorMode *mode);
    const FloorMode *modes; /* up to one without a name */
} FloorEngine;

extern const FloorEngine floor_aio, floor_uring;

/* The errno of what failed is told. */
_Noreturn void floor_die(const char *what);

/* Zeroed, as laiobench allocates: huge pages for much. */
void *floor_allocate(size_t bytes);

static inline uint64_t floor_next_offset(Floor *floor)
{
    return floor->offsets[floor->next_offset++ & (TABLE_SIZE - 1)];
}

static inline void floor_check(int64_t result)
{
    if (__builtin_expect(result != BLOCK_BYTES, 0)) {
        errno = (int)-result;
        floor_die("an I/O");
    }
}

static inline void floor_sleep_on_eventfd(Floor *floor)
{
    struct epoll_event event;
    uint64_t value;

    if (epoll_wait(floor->epoll, &event, 1, -1) == 1 &&
        read(floor->eventfd, &value, sizeof(value)) < 0 && errno != EAGAIN) {
        floor_die("read");
    }
}

/*
 * io_uring: io_uring_enter() and the rings, set up as laiobench sets them up for
 * each mode.  getevents submits and waits in two calls, though one could do both:
 * when an I/O was submitted would not be known then.
 */
#define _GNU_SOURCE
#include <string.h>

#include "engines/uring_flags.h"
#include "floor.h"

typedef struct Uring {
    UringRing ring;
    uint32_t *ready; /* numbers of the requests to be submitted */
    uint32_t ready_count;
} Uring;

/* ---- the loop, in parts ------------------------------------------------------ */

static inline void publish(Floor *floor, uint32_t from, uint32_t n)
{
    Uring *uring = floor->engine;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t number = uring->ready[from + i];
        UringSqe *sqe = uring_ring_sqe(&uring->ring, i);

        sqe->opcode = URING_OP_READ;
        sqe->fd = floor->fd;
        sqe->offset = floor_next_offset(floor);
        sqe->address =
            (uintptr_t)(floor->buffers + (size_t)number * BLOCK_BYTES);
        sqe->bytes = BLOCK_BYTES;
        sqe->user_data = number;
    }
    uring_ring_set_tail(&uring->ring, uring->ring.tail + n);
}

static inline void submit(Floor *floor)
{
    Uring *uring = floor->engine;

    for (uint32_t sent = 0; sent < uring->ready_count;) {
        uint32_t left = uring->ready_count - sent;
        uint32_t n = left < floor->batch ? left : floor->batch;

        publish(floor, sent, n);
        if (uring_ring_enter(&uring->ring, n, 0, 0) != (long)n) {
            floor_die("io_uring_enter");
        }
        sent += n;
    }
    uring->ready_count = 0;
}

static inline void reap(Floor *floor)
{
    Uring *uring = floor->engine;
    uint32_t n;

    while ((n = uring_ring_count(&uring->ring)) > 0) {
        for (uint32_t i = 0; i < n; i++) {
            const UringCqe *cqe = uring_ring_cqe(&uring->ring, i);

            floor_check(cqe->result);
            uring->ready[uring->ready_count++] = (uint32_t)cqe->user_data;
            floor->ios++;
        }
        uring_ring_commit(&uring->ring, n);
    }
}

static inline bool is_empty(const Floor *floor)
{
    return uring_ring_count(&((Uring *)floor->engine)->ring) == 0;
}

/* ---- one round of each mode ---------------------------------------------------- */

static void round_poll(Floor *floor)
{
    submit(floor);
    while (is_empty(floor)) {
    }
    reap(floor);
}

static void round_eventfd(Floor *floor)
{
    submit(floor);
    floor_sleep_on_eventfd(floor);
    reap(floor);
}

/* Reaps in the next round of the loop, which looks at descriptors first. */
static void round_bh(Floor *floor)
{
    struct epoll_event event;

    submit(floor);
    floor_sleep_on_eventfd(floor);
    epoll_wait(floor->epoll, &event, 1, 0);
    reap(floor);
}

static void round_adaptive(Floor *floor)
{
    submit(floor);
    for (int i = 0; i < LOOKS_BEFORE_SLEEP; i++) {
        if (!is_empty(floor)) {
            reap(floor);
            return;
        }
    }
    floor_sleep_on_eventfd(floor);
    reap(floor);
}

static void round_getevents(Floor *floor)
{
    Uring *uring = floor->engine;

    submit(floor);
    if (is_empty(floor) && uring_ring_wait(&uring->ring, 1, -1) < 0) {
        floor_die("io_uring_enter");
    }
    reap(floor);
}

/* ---- set-up ------------------------------------------------------------------------ */

static void open_queue(Floor *floor, const FloorMode *mode)
{
    Uring *uring = floor->engine = floor_allocate(sizeof(*uring));
    EngineConfig config = {
        .looks = strcmp(mode->name, "poll") == 0 ||
                 strcmp(mode->name, "adaptive") == 0,
        .notify = mode->needs_eventfd,
    };
    UringRingConfig ring = uring_flags_choose(&config);
    Error error = {0};

    ring.sq_entries = ring.cq_entries = floor->depth;
    if (uring_ring_open(&uring->ring, &ring, &error) < 0) {
        errno = error.code;
        floor_die(error.call);
    }
    if (mode->needs_eventfd &&
        uring_ring_register(&uring->ring, URING_REGISTER_EVENTFD,
                            &floor->eventfd, 1) < 0) {
        floor_die("IORING_REGISTER_EVENTFD");
    }
    uring->ready = floor_allocate(floor->depth * sizeof(*uring->ready));
    for (uint32_t i = 0; i < floor->depth; i++) {
        uring->ready[uring->ready_count++] = i;
    }
}

static const FloorMode modes[] = {
    {"poll", round_poll, false},
    {"eventfd", round_eventfd, true},
    {"bh", round_bh, true},
    {"adaptive", round_adaptive, true},
    {"getevents", round_getevents, false},
    {NULL, NULL, false},
};

const FloorEngine floor_uring = {"io_uring", open_queue, modes};

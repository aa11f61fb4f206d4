/* Native AIO: io_submit(), and the ring in user memory or io_getevents(). */
#define _GNU_SOURCE
#include <sys/syscall.h>

#include "engines/aio_ring.h"
#include "floor.h"

typedef struct Aio {
    aio_context_t id;
    AioRing *ring;
    struct iocb **ready; /* to be submitted */
    uint32_t ready_count;
    struct io_event *events; /* for io_getevents() */
} Aio;

/* ---- the loop, in parts ------------------------------------------------------ */

static inline void submit(const Floor *floor)
{
    Aio *aio = floor->engine;

    for (uint32_t sent = 0; sent < aio->ready_count;) {
        uint32_t n = aio->ready_count - sent;
        long ret = syscall(SYS_io_submit, aio->id,
                           (long)(n < floor->batch ? n : floor->batch),
                           aio->ready + sent);

        if (ret <= 0) {
            floor_die("io_submit");
        }
        sent += (uint32_t)ret;
    }
    aio->ready_count = 0;
}

static inline void again(Floor *floor, const struct io_event *event)
{
    Aio *aio = floor->engine;
    struct iocb *iocb = (struct iocb *)(uintptr_t)event->obj;

    floor_check(event->res);
    iocb->aio_offset = (int64_t)floor_next_offset(floor);
    aio->ready[aio->ready_count++] = iocb;
    floor->ios++;
}

static inline void reap(Floor *floor)
{
    Aio *aio = floor->engine;
    struct io_event *events;
    uint32_t n;

    while ((n = aio_ring_peek(aio->ring, &events)) > 0) {
        for (uint32_t i = 0; i < n; i++) {
            again(floor, &events[i]);
        }
        aio_ring_commit(aio->ring, n);
    }
}

/* ---- one round of each mode ---------------------------------------------------- */

static void round_poll(Floor *floor)
{
    submit(floor);
    while (aio_ring_is_empty(((Aio *)floor->engine)->ring)) {
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
        if (!aio_ring_is_empty(((Aio *)floor->engine)->ring)) {
            reap(floor);
            return;
        }
    }
    floor_sleep_on_eventfd(floor);
    reap(floor);
}

static void round_getevents(Floor *floor)
{
    Aio *aio = floor->engine;
    long n;

    submit(floor);
    n = syscall(SYS_io_getevents, aio->id, 1L, (long)floor->depth, aio->events,
                NULL);
    if (n < 0) {
        floor_die("io_getevents");
    }
    for (long i = 0; i < n; i++) {
        again(floor, &aio->events[i]);
    }
}

/* ---- set-up ------------------------------------------------------------------------ */

static void make_requests(Floor *floor, const FloorMode *mode)
{
    Aio *aio = floor->engine;
    struct iocb *iocbs = floor_allocate(floor->depth * sizeof(*iocbs));

    aio->ready = floor_allocate(floor->depth * sizeof(*aio->ready));
    for (uint32_t i = 0; i < floor->depth; i++) {
        iocbs[i] = (struct iocb){
            .aio_lio_opcode = IOCB_CMD_PREAD,
            .aio_fildes = (uint32_t)floor->fd,
            .aio_buf = (uintptr_t)(floor->buffers + (size_t)i * BLOCK_BYTES),
            .aio_nbytes = BLOCK_BYTES,
            .aio_offset = (int64_t)floor_next_offset(floor),
            .aio_flags = mode->needs_eventfd ? IOCB_FLAG_RESFD : 0,
            .aio_resfd = mode->needs_eventfd ? (uint32_t)floor->eventfd : 0,
        };
        aio->ready[aio->ready_count++] = &iocbs[i];
    }
}

static void open_queue(Floor *floor, const FloorMode *mode)
{
    Aio *aio = floor->engine = floor_allocate(sizeof(*aio));

    if (syscall(SYS_io_setup, floor->depth, &aio->id) < 0) {
        floor_die("io_setup");
    }
    aio->ring = (AioRing *)(uintptr_t)aio->id;
    if (!aio_ring_is_known(aio->ring)) {
        errno = ENOTSUP;
        floor_die("the ring");
    }
    aio->events = floor_allocate(floor->depth * sizeof(*aio->events));
    make_requests(floor, mode);
}

static const FloorMode modes[] = {
    {"poll", round_poll, false},
    {"eventfd", round_eventfd, true},
    {"bh", round_bh, true},
    {"adaptive", round_adaptive, true},
    {"getevents", round_getevents, false},
    {NULL, NULL, false},
};

const FloorEngine floor_aio = {"libaio", open_queue, modes};

/*
 * The completion ring that the kernel shares with the process; the context
 * number from io_setup() is its address.  Peek and commit take completions without a
 * system call.  The layout is the kernel's (fs/aio.c, struct aio_ring).
 */
#pragma once

#include <linux/aio_abi.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct AioRing {
    uint32_t id;
    uint32_t nr;   /* of events that fit in */
    uint32_t head; /* written by us, or by the kernel in io_getevents() */
    uint32_t tail; /* written by the kernel */
    uint32_t magic;
    uint32_t compat_features;
    uint32_t incompat_features;
    uint32_t header_length;
    struct io_event events[];
} AioRing;

_Static_assert(sizeof(AioRing) == 32, "the ring's header is 32 bytes");

/* Is it the layout that we know?  If not, only io_getevents() may be used. */
static inline bool aio_ring_is_known(const AioRing *ring)
{
    return ring->magic == 0xa10a10a1 && ring->compat_features == 1 &&
           ring->incompat_features == 0 &&
           ring->header_length == sizeof(AioRing) && ring->nr > 0;
}

/* Acquire: whoever sees the tail sees the events before it, too. */
static inline uint32_t aio_ring_tail(const AioRing *ring)
{
    return __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE);
}

static inline bool aio_ring_is_empty(const AioRing *ring)
{
    return ring->head == aio_ring_tail(ring);
}

static inline uint32_t aio_ring_count(const AioRing *ring)
{
    uint32_t head = ring->head, tail = aio_ring_tail(ring);

    return tail - head + (tail >= head ? 0 : ring->nr);
}

/*
 * The events that lie in one piece: up to the tail, or up to the ring's end; in
 * that case another peek after the commit gives the rest.
 */
static inline uint32_t aio_ring_peek(AioRing *ring, struct io_event **events)
{
    uint32_t head = ring->head, tail = aio_ring_tail(ring);

    *events = &ring->events[head];
    return (tail >= head ? tail : ring->nr) - head;
}

/* Give @n events' room back to the kernel. */
static inline void aio_ring_commit(AioRing *ring, uint32_t n)
{
    uint32_t head = ring->head + n;

    /* Release: we have read the events before the kernel overwrites them. */
    __atomic_store_n(&ring->head, head >= ring->nr ? head - ring->nr : head,
                     __ATOMIC_RELEASE);
}

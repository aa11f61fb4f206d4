/*
 * An io_uring: the submission ring and the completion ring in memory that is
 * shared with the kernel, and the call that goes with them.  Knows entries and
 * how they are passed; not what they mean.
 *
 * Home thread only: the kernel is told that no other thread submits.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "engines/uring_abi.h"

typedef struct UringRing {
    /* The completion ring: the kernel writes the tail, we the head. */
    uint32_t *cq_head, *cq_tail;
    uint32_t cq_mask;
    UringCqe *cqes;

    /* The submission ring: we write the tail, the kernel the head. */
    uint32_t *sq_head, *sq_tail;
    uint32_t *sq_flags;
    uint32_t sq_mask, sq_entries;
    uint32_t tail; /* what is in *sq_tail */
    UringSqe *sqes;

    /* What io_uring_enter() takes for the ring: its index, or its fd. */
    uint32_t enter_id, enter_flags;

    int fd;
    uint32_t flags;   /* URING_SETUP_*, as it was set up */
    uint32_t refused; /* those that the kernel does not know */
    void *rings;      /* what is mapped */
    size_t rings_bytes;
} UringRing;

typedef struct UringRingConfig {
    uint32_t sq_entries, cq_entries; /* at least */
    uint32_t must;                   /* URING_SETUP_*: without these it fails */
    uint32_t should;                 /* those that an older kernel may lack */
    int sq_thread_cpu;               /* with URING_SETUP_SQ_AFF */
} UringRingConfig;

/* 0 or -errno, with @error. */
int uring_ring_open(UringRing *ring, const UringRingConfig *config,
                    Error *error);

/* Does not wait for what is in flight. */
void uring_ring_close(UringRing *ring);

/* io_uring_register(): 0 or -errno. */
int uring_ring_register(const UringRing *ring, uint32_t what, const void *items,
                        uint32_t count);

/*
 * io_uring_enter(): submit @n entries that are published, and wait for
 * @min_complete completions.  How many it took, or -errno.
 */
long uring_ring_enter(const UringRing *ring, uint32_t n, uint32_t min_complete,
                      uint32_t flags);

/* The same, to wait for @timeout_ns at most (-1: for ever), without a submit. */
long uring_ring_wait(const UringRing *ring, uint32_t min_complete,
                     int64_t timeout_ns);

/* ---- completions --------------------------------------------------------- */

/* Acquire: whoever sees the tail sees the entries before it, too. */
static inline uint32_t uring_ring_cq_tail(const UringRing *ring)
{
    return __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE);
}

static inline uint32_t uring_ring_count(const UringRing *ring)
{
    return uring_ring_cq_tail(ring) - *ring->cq_head;
}

/* The one after the oldest @i. */
static inline const UringCqe *uring_ring_cqe(const UringRing *ring, uint32_t i)
{
    return &ring->cqes[(*ring->cq_head + i) & ring->cq_mask];
}

/* Give the oldest @n entries' room back to the kernel. */
static inline void uring_ring_commit(UringRing *ring, uint32_t n)
{
    /* Release: we have read the entries before the kernel overwrites them. */
    __atomic_store_n(ring->cq_head, *ring->cq_head + n, __ATOMIC_RELEASE);
}

/* URING_SQ_*: what the kernel wants of us. */
static inline uint32_t uring_ring_asks(const UringRing *ring)
{
    return __atomic_load_n(ring->sq_flags, __ATOMIC_RELAXED);
}

/* Are there completions that only a call brings into the ring? */
static inline bool uring_ring_must_enter(const UringRing *ring)
{
    return uring_ring_asks(ring) & (URING_SQ_TASKRUN | URING_SQ_CQ_OVERFLOW);
}

/* ---- submissions --------------------------------------------------------- */

static inline bool uring_ring_has_thread(const UringRing *ring)
{
    return ring->flags & URING_SETUP_SQPOLL;
}

/* How many entries can be published. */
static inline uint32_t uring_ring_sq_room(const UringRing *ring)
{
    /* Acquire: the kernel has read the entries before we overwrite them. */
    return ring->sq_entries -
           (ring->tail - __atomic_load_n(ring->sq_head, __ATOMIC_ACQUIRE));
}

/* The @i-th entry that is not published yet. */
static inline UringSqe *uring_ring_sqe(const UringRing *ring, uint32_t i)
{
    return &ring->sqes[(ring->tail + i) & ring->sq_mask];
}

/* Release: whoever sees the tail sees the entries before it, too. */
static inline void uring_ring_set_tail(UringRing *ring, uint32_t tail)
{
    ring->tail = tail;
    __atomic_store_n(ring->sq_tail, tail, __ATOMIC_RELEASE);
}

/* What a call did not take is not published any more. */
static inline void uring_ring_take_back(UringRing *ring)
{
    uring_ring_set_tail(ring, __atomic_load_n(ring->sq_head, __ATOMIC_ACQUIRE));
}

/*
 * uring_ring_asks() as it is after the tail was set.  The full barrier in it pairs
 * with the kernel's thread, which looks at the tail once more after it has said
 * that it needs to be woken.
 */
static inline uint32_t uring_ring_asks_after_tail(const UringRing *ring)
{
    return __atomic_fetch_or(ring->sq_flags, 0, __ATOMIC_SEQ_CST);
}

#define _GNU_SOURCE
#include "engines/uring_ring.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Without these we would have to count on less than we do; all are of Linux 5.11. */
#define FEATURES \
    (URING_FEATURE_SINGLE_MMAP | URING_FEATURE_NODROP | URING_FEATURE_EXT_ARG)

/*
 * What a kernel may lack, the newest first.  One that lacks some of it answers
 * EINVAL, and does not tell what of it.
 */
static const uint32_t newest_first[] = {
    URING_SETUP_NO_SQARRAY,
    URING_SETUP_DEFER_TASKRUN,
    URING_SETUP_SINGLE_ISSUER,
    URING_SETUP_COOP_TASKRUN | URING_SETUP_TASKRUN_FLAG,
    URING_SETUP_SUBMIT_ALL,
};

/* Ask without one flag after the other.  The fd, or -errno. */
static int set_up(const UringRingConfig *config, UringParams *params)
{
    uint32_t should = config->should;
    size_t dropped = 0;

    for (;;) {
        long fd;

        *params = (UringParams){
            .flags = config->must | should | URING_SETUP_CQSIZE |
                     URING_SETUP_CLAMP,
            .cq_entries = config->cq_entries,
            .sq_thread_cpu = (uint32_t)config->sq_thread_cpu,
        };
        fd = syscall(URING_SYS_SETUP, config->sq_entries, params);
        if (fd >= 0 || errno != EINVAL || should == 0) {
            return fd < 0 ? -errno : (int)fd;
        }
        while (!(should & newest_first[dropped])) {
            dropped++;
        }
        should &= ~newest_first[dropped];
        if (!(should &
              (URING_SETUP_DEFER_TASKRUN | URING_SETUP_COOP_TASKRUN))) {
            should &= ~(uint32_t)URING_SETUP_TASKRUN_FLAG; /* belongs to them */
        }
    }
}

static int map_rings(UringRing *ring, const UringParams *params, Error *error)
{
    size_t sq = params->sq.array + params->sq_entries * sizeof(uint32_t);
    size_t cq = params->cq.cqes + params->cq_entries * sizeof(UringCqe);
    size_t sqes = params->sq_entries * sizeof(UringSqe);
    void *memory;

    ring->rings_bytes = sq > cq ? sq : cq;
    memory = mmap(NULL, ring->rings_bytes, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_POPULATE, ring->fd, URING_MAP_RINGS);
    if (memory == MAP_FAILED) {
        return error_set(error, "mmap", errno, ring->rings_bytes);
    }
    ring->rings = memory;
    memory = mmap(NULL, sqes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
                  ring->fd, URING_MAP_SQES);
    if (memory == MAP_FAILED) {
        munmap(ring->rings, ring->rings_bytes);
        return error_set(error, "mmap", errno, sqes);
    }
    ring->sqes = memory;
    return 0;
}

static uint32_t *at(const UringRing *ring, uint32_t offset)
{
    return (uint32_t *)((char *)ring->rings + offset);
}

static void find_parts(UringRing *ring, const UringParams *params)
{
    ring->sq_head = at(ring, params->sq.head);
    ring->sq_tail = at(ring, params->sq.tail);
    ring->sq_flags = at(ring, params->sq.flags);
    ring->sq_entries = params->sq_entries;
    ring->sq_mask = params->sq_entries - 1;
    ring->tail = *ring->sq_tail;
    ring->cq_head = at(ring, params->cq.head);
    ring->cq_tail = at(ring, params->cq.tail);
    ring->cq_mask = params->cq_entries - 1;
    ring->cqes = (UringCqe *)at(ring, params->cq.cqes);
    memset(ring->sqes, 0, params->sq_entries * sizeof(*ring->sqes));
    if (!(params->flags & URING_SETUP_NO_SQARRAY)) {
        for (uint32_t i = 0; i < params->sq_entries; i++) {
            at(ring, params->sq.array)[i] = i; /* entries are used in order */
        }
    }
}

/* The kernel finds a registered ring sooner; it is registered for this thread. */
static void register_itself(UringRing *ring)
{
    UringRingFd itself = {.index = UINT32_MAX, .fd = (uint64_t)ring->fd};

    ring->enter_id = (uint32_t)ring->fd;
    if (syscall(URING_SYS_REGISTER, ring->fd, URING_REGISTER_RING_FDS, &itself,
                1) == 1) {
        ring->enter_id = itself.index;
        ring->enter_flags = URING_ENTER_REGISTERED_RING;
    }
}

int uring_ring_open(UringRing *ring, const UringRingConfig *config,
                    Error *error)
{
    UringParams params;
    int ret;

    *ring = (UringRing){.fd = set_up(config, &params)};
    if (ring->fd < 0) {
        return error_set(error, "io_uring_setup", -ring->fd,
                         config->sq_entries);
    }
    ring->flags = params.flags;
    ring->refused = config->should & ~params.flags;
    ret = (params.features & FEATURES) == FEATURES
              ? map_rings(ring, &params, error)
              : error_set(error, "io_uring features", ENOSYS, params.features);
    if (ret < 0) {
        close(ring->fd);
        return ret;
    }
    find_parts(ring, &params);
    register_itself(ring);
    return 0;
}

void uring_ring_close(UringRing *ring)
{
    if (ring->enter_flags) {
        UringRingFd itself = {.index = ring->enter_id};

        uring_ring_register(ring, URING_UNREGISTER_RING_FDS, &itself, 1);
    }
    munmap(ring->sqes, ring->sq_entries * sizeof(*ring->sqes));
    munmap(ring->rings, ring->rings_bytes);
    close(ring->fd);
}

int uring_ring_register(const UringRing *ring, uint32_t what, const void *items,
                        uint32_t count)
{
    return syscall(URING_SYS_REGISTER, ring->fd, what, items, count) < 0
               ? -errno
               : 0;
}

long uring_ring_enter(const UringRing *ring, uint32_t n, uint32_t min_complete,
                      uint32_t flags)
{
    long ret = syscall(URING_SYS_ENTER, ring->enter_id, n, min_complete,
                       flags | ring->enter_flags, NULL, 0);

    return ret < 0 ? -errno : ret;
}

long uring_ring_wait(const UringRing *ring, uint32_t min_complete,
                     int64_t timeout_ns)
{
    int64_t timeout[2] = {timeout_ns / 1000000000, timeout_ns % 1000000000};
    UringWait wait = {.timeout = timeout_ns < 0 ? 0 : (uintptr_t)timeout};
    long ret =
        syscall(URING_SYS_ENTER, ring->enter_id, 0, min_complete,
                URING_ENTER_GETEVENTS | URING_ENTER_EXT_ARG | ring->enter_flags,
                &wait, sizeof(wait));

    return ret < 0 ? -errno : ret;
}

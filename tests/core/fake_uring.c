#define _GNU_SOURCE
#include "fake_uring.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"

FakeUring fake_uring;

/* The memory that is shared: of the last ring that was set up. */
enum { SQ_HEAD, SQ_TAIL, SQ_FLAGS, CQ_HEAD, CQ_TAIL, HEADER = 16 };

static uint32_t *shared;
static UringSqe *sqes;
static uint32_t sq_entries, cq_entries;
static int eventfd_of_ring;

/* Completions that are not in the ring yet. */
static UringCqe kept[FAKE_MAX_ENTRIES];
static uint32_t kept_count;

void fake_uring_reset(void)
{
    memset(&fake_uring, 0, sizeof(fake_uring));
    kept_count = 0;
}

static UringCqe *cqes(void)
{
    return (UringCqe *)(shared + HEADER);
}

static uint32_t power_of_two(uint32_t at_least)
{
    uint32_t power = 1;

    while (power < at_least) {
        power *= 2;
    }
    return power;
}

/* The real ring's memory is mapped at two offsets of its fd; so is a file's. */
static long fake_setup(uint32_t entries, UringParams *params)
{
    size_t rings, bytes;
    int fd;

    fake_uring.setup_calls++;
    if (fake_uring.setup_errno || params->flags & fake_uring.unknown_flags) {
        errno = fake_uring.setup_errno ? fake_uring.setup_errno : EINVAL;
        return -1;
    }
    sq_entries = power_of_two(entries);
    cq_entries = power_of_two(params->cq_entries);
    rings = HEADER * sizeof(uint32_t) + cq_entries * sizeof(UringCqe) +
            sq_entries * sizeof(uint32_t);
    bytes = sq_entries * sizeof(UringSqe);
    fd = memfd_create("ring", MFD_CLOEXEC);
    CHECK(fd >= 0 && ftruncate(fd, (off_t)(URING_MAP_SQES + bytes)) == 0);
    shared = mmap(NULL, rings, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    sqes = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                (off_t)URING_MAP_SQES);
    CHECK(shared != MAP_FAILED && sqes != MAP_FAILED);
    params->sq_entries = sq_entries;
    params->cq_entries = cq_entries;
    params->features = ~fake_uring.missing_features;
    params->sq = (UringSqOffsets){
        .head = SQ_HEAD * sizeof(uint32_t),
        .tail = SQ_TAIL * sizeof(uint32_t),
        .flags = SQ_FLAGS * sizeof(uint32_t),
        .array = (uint32_t)(rings - sq_entries * sizeof(uint32_t)),
    };
    params->cq = (UringCqOffsets){
        .head = CQ_HEAD * sizeof(uint32_t),
        .tail = CQ_TAIL * sizeof(uint32_t),
        .cqes = HEADER * sizeof(uint32_t),
    };
    fake_uring.flags = params->flags;
    eventfd_of_ring = -1;
    return fd;
}

static long fake_register(uint32_t what, const void *items)
{
    if (what == URING_UNREGISTER_RING_FDS) {
        return 0;
    }
    if (what == URING_REGISTER_RING_FDS || fake_uring.register_errno) {
        errno = fake_uring.register_errno ? fake_uring.register_errno : EINVAL;
        return -1;
    }
    if (what == URING_REGISTER_EVENTFD) {
        eventfd_of_ring = *(const int *)items;
    }
    return 0;
}

static void put_into_ring(const UringCqe *cqe)
{
    uint32_t tail = shared[CQ_TAIL];

    CHECK(tail - shared[CQ_HEAD] < cq_entries);
    cqes()[tail & (cq_entries - 1)] = *cqe;
    __atomic_store_n(&shared[CQ_TAIL], tail + 1, __ATOMIC_RELEASE);
}

static void bring_kept(void)
{
    for (uint32_t i = 0; i < kept_count; i++) {
        put_into_ring(&kept[i]);
    }
    kept_count = 0;
    shared[SQ_FLAGS] &= ~(uint32_t)(URING_SQ_TASKRUN | URING_SQ_CQ_OVERFLOW);
}

static long take_entries(uint32_t n)
{
    uint32_t published = shared[SQ_TAIL] - shared[SQ_HEAD];

    n = n < published ? n : published;
    if (fake_uring.enter_limit && n > fake_uring.enter_limit) {
        n = fake_uring.enter_limit;
    }
    for (uint32_t i = 0; i < n; i++) {
        CHECK(fake_uring.held_count < FAKE_MAX_ENTRIES);
        fake_uring.held[fake_uring.held_count++] =
            sqes[shared[SQ_HEAD]++ & (sq_entries - 1)];
    }
    if (fake_uring.held_count > fake_uring.in_flight_max) {
        fake_uring.in_flight_max = fake_uring.held_count;
    }
    return n;
}

static long fake_enter(uint32_t n, uint32_t flags)
{
    if (flags & URING_ENTER_GETEVENTS) {
        fake_uring.getevents_calls++;
        bring_kept();
    }
    if (n == 0) {
        return 0;
    }
    fake_uring.enter_calls++;
    if (n > fake_uring.largest_enter) {
        fake_uring.largest_enter = n;
    }
    if (fake_uring.enter_failures > 0) {
        fake_uring.enter_failures--;
        errno = fake_uring.enter_errno;
        return -1;
    }
    return take_entries(n);
}

bool fake_kernel_call(long number, const long a[6], long *result)
{
    switch (number) {
    case URING_SYS_SETUP:
        *result = fake_setup((uint32_t)a[0], (UringParams *)a[1]);
        return true;
    case URING_SYS_REGISTER:
        *result = fake_register((uint32_t)a[1], (const void *)a[2]);
        return true;
    case URING_SYS_ENTER:
        *result = fake_enter((uint32_t)a[1], (uint32_t)a[3]);
        return true;
    default:
        return false;
    }
}

void fake_uring_complete(uint32_t index, int32_t result)
{
    UringCqe cqe = {
        .user_data = fake_uring.held[index].user_data,
        .result = result,
    };

    CHECK(index < fake_uring.held_count);
    memmove(&fake_uring.held[index], &fake_uring.held[index + 1],
            (fake_uring.held_count - index - 1) * sizeof(UringSqe));
    fake_uring.held_count--;
    if (fake_uring.defers || fake_uring.overflows) {
        kept[kept_count++] = cqe;
        shared[SQ_FLAGS] |= fake_uring.defers ? URING_SQ_TASKRUN
                                              : URING_SQ_CQ_OVERFLOW;
    } else {
        put_into_ring(&cqe);
    }
    if (eventfd_of_ring >= 0) {
        eventfd_write(eventfd_of_ring, 1);
    }
}

void fake_uring_succeed(uint32_t index)
{
    fake_uring_complete(index, (int32_t)fake_uring.held[index].bytes);
}

void fake_uring_succeed_all(void)
{
    while (fake_uring.held_count > 0) {
        fake_uring_succeed(0);
    }
}

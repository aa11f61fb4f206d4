#define _GNU_SOURCE
#include "fake_kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engines/aio_ring.h"
#include "harness.h"

FakeKernel fake_kernel;

static AioRing *ring;

void fake_kernel_reset(void)
{
    memset(&fake_kernel, 0, sizeof(fake_kernel));
}

static uint32_t ring_room(void)
{
    uint32_t used = (ring->tail + ring->nr - ring->head) % ring->nr;

    return ring->nr - 1 - used;
}

void fake_kernel_complete(uint32_t index, int64_t res)
{
    struct iocb *iocb = fake_kernel.held[index];
    uint32_t tail = ring->tail;

    CHECK(index < fake_kernel.held_count);
    CHECK(ring_room() > 0);
    memmove(&fake_kernel.held[index], &fake_kernel.held[index + 1],
            (fake_kernel.held_count - index - 1) * sizeof(iocb));
    fake_kernel.held_count--;
    ring->events[tail] = (struct io_event){
        .data = iocb->aio_data,
        .obj = (uintptr_t)iocb,
        .res = res,
    };
    __atomic_store_n(&ring->tail, (tail + 1) % ring->nr, __ATOMIC_RELEASE);
    if (iocb->aio_flags & IOCB_FLAG_RESFD) {
        eventfd_write((int)iocb->aio_resfd, 1);
    }
}

void fake_kernel_succeed(uint32_t index)
{
    fake_kernel_complete(index, (int64_t)fake_kernel.held[index]->aio_nbytes);
}

void fake_kernel_succeed_all(void)
{
    while (fake_kernel.held_count > 0) {
        fake_kernel_succeed(0);
    }
}

static uint32_t or_usual(uint32_t asked, uint32_t usual)
{
    return asked ? asked : usual;
}

static long fake_setup(uint32_t events, aio_context_t *id)
{
    uint32_t nr = fake_kernel.ring_events ? fake_kernel.ring_events : 8;

    (void)events;
    fake_kernel.setup_calls++;
    if (fake_kernel.setup_errno) {
        errno = fake_kernel.setup_errno;
        return -1;
    }
    ring = calloc(1, sizeof(*ring) + nr * sizeof(struct io_event));
    ring->nr = nr;
    ring->magic = or_usual(fake_kernel.magic, 0xa10a10a1);
    ring->compat_features = or_usual(fake_kernel.compat_features, 1);
    ring->incompat_features = or_usual(fake_kernel.incompat_features, 0);
    ring->header_length = or_usual(fake_kernel.header_length, sizeof(*ring));
    *id = (uintptr_t)ring;
    return 0;
}

static long fake_submit(long n, struct iocb **iocbs)
{
    long taken = 0;

    fake_kernel.submit_calls++;
    if (fake_kernel.on_submit) {
        fake_kernel.on_submit();
    }
    if (n > fake_kernel.largest_submit) {
        fake_kernel.largest_submit = (uint32_t)n;
    }
    if (fake_kernel.submit_failures > 0) {
        fake_kernel.submit_failures--;
        errno = fake_kernel.submit_errno;
        return -1;
    }
    if (fake_kernel.takes_nothing > 0) {
        fake_kernel.takes_nothing--;
        return 0;
    }
    if (fake_kernel.submit_limit && n > fake_kernel.submit_limit) {
        n = fake_kernel.submit_limit;
    }
    for (; taken < n; taken++) {
        bool is_bad = fake_kernel.bad_iocb_errno &&
                      (uint64_t)iocbs[taken]->aio_offset ==
                          fake_kernel.bad_iocb_offset;

        if (is_bad && taken == 0) {
            errno = fake_kernel.bad_iocb_errno;
            return -1;
        }
        if (is_bad) {
            break;
        }
        CHECK(fake_kernel.held_count < FAKE_MAX_IOCBS);
        fake_kernel.held[fake_kernel.held_count++] = iocbs[taken];
    }
    if (fake_kernel.held_count > fake_kernel.in_flight_max) {
        fake_kernel.in_flight_max = fake_kernel.held_count;
    }
    if (fake_kernel.completes_at_once) {
        fake_kernel_succeed_all();
    }
    return taken;
}

static long fake_getevents(long max, struct io_event *events,
                           const struct timespec *timeout)
{
    long n = 0;

    fake_kernel.getevents_calls++;
    fake_kernel.getevents_had_timeout = timeout;
    if (fake_kernel.getevents_errno) {
        errno = fake_kernel.getevents_errno;
        return -1;
    }
    while (n < max && ring->head != ring->tail) {
        events[n++] = ring->events[ring->head];
        ring->head = (ring->head + 1) % ring->nr;
    }
    return n;
}

/* Completions go to the context that was set up last. */
static long fake_destroy(aio_context_t id)
{
    fake_kernel.destroy_calls++;
    CHECK_EQUAL(fake_kernel.held_count, 0); /* the real one would wait */
    if ((uintptr_t)ring == id) {
        ring = NULL;
    }
    free((AioRing *)(uintptr_t)id);
    return 0;
}

bool fake_kernel_call(long number, const long a[6], long *result)
{
    switch (number) {
    case SYS_io_setup:
        *result = fake_setup((uint32_t)a[0], (aio_context_t *)a[1]);
        return true;
    case SYS_io_submit:
        *result = fake_submit(a[1], (struct iocb **)a[2]);
        return true;
    case SYS_io_getevents:
        *result = fake_getevents(a[2], (struct io_event *)a[3],
                                 (const struct timespec *)a[4]);
        return true;
    case SYS_io_destroy:
        *result = fake_destroy((aio_context_t)a[0]);
        return true;
    default:
        return false;
    }
}

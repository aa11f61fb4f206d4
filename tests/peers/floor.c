/*
 * The floor: what a loop costs that does nothing but the system calls.  It
 * submits and takes completions as one completion mode does, times nothing
 * and records nothing; what laiobench does beyond that is laiobench's cost.
 *
 *     floor MODE PATH IODEPTH BATCH SECONDS REGION_BYTES SEED
 *
 * The offsets are those that laiobench visits with this seed, in its order,
 * made beforehand by its own workload: a device's cost depends on them.  So
 * are the flags with which the device is opened, and the allocator: huge pages
 * for much.  At iodepth 1 its buffer is not much, while laiobench has one in a
 * huge page all the same, beside its histograms.
 * Prints I/Os, nanoseconds, and nanoseconds of CPU time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "engines/aio_ring.h"
#include "base/memory.h"
#include "workload/workload.h"

enum {
    BLOCK_BYTES = 4096,
    TABLE_SIZE = 1 << 20,          /* offsets; a power of two */
    CALLS_PER_CLOCK_READING = 256, /* looks at the clock are not free */
    LOOKS_BEFORE_SLEEP = 1000,     /* adaptive */
};

typedef struct Floor {
    aio_context_t id;
    AioRing *ring;
    int eventfd, epoll;
    uint32_t batch;
    struct iocb **ready; /* to be submitted */
    uint32_t ready_count;
    struct io_event *events; /* for io_getevents() */
    uint32_t depth;
    uint64_t *offsets;
    uint32_t next_offset;
    uint64_t ios;
} Floor;

static void die(const char *what)
{
    fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t clock_ns(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- the loop, in parts ------------------------------------------------------ */

static inline void submit(Floor *floor)
{
    for (uint32_t sent = 0; sent < floor->ready_count;) {
        uint32_t n = floor->ready_count - sent;
        long ret = syscall(SYS_io_submit, floor->id,
                           (long)(n < floor->batch ? n : floor->batch),
                           floor->ready + sent);

        if (ret <= 0) {
            die("io_submit");
        }
        sent += (uint32_t)ret;
    }
    floor->ready_count = 0;
}

static inline void again(Floor *floor, const struct io_event *event)
{
    struct iocb *iocb = (struct iocb *)(uintptr_t)event->obj;

    if (event->res != BLOCK_BYTES) {
        errno = (int)-event->res;
        die("an I/O");
    }
    iocb->aio_offset =
        (int64_t)floor->offsets[floor->next_offset++ & (TABLE_SIZE - 1)];
    floor->ready[floor->ready_count++] = iocb;
    floor->ios++;
}

static inline void reap(Floor *floor)
{
    struct io_event *events;
    uint32_t n;

    while ((n = aio_ring_peek(floor->ring, &events)) > 0) {
        for (uint32_t i = 0; i < n; i++) {
            again(floor, &events[i]);
        }
        aio_ring_commit(floor->ring, n);
    }
}

static inline void sleep_on_eventfd(Floor *floor)
{
    struct epoll_event event;
    uint64_t value;

    if (epoll_wait(floor->epoll, &event, 1, -1) == 1 &&
        read(floor->eventfd, &value, sizeof(value)) < 0 && errno != EAGAIN) {
        die("read");
    }
}

/* ---- one round of each mode ---------------------------------------------------- */

static void round_poll(Floor *floor)
{
    submit(floor);
    while (aio_ring_is_empty(floor->ring)) {
    }
    reap(floor);
}

static void round_eventfd(Floor *floor)
{
    submit(floor);
    sleep_on_eventfd(floor);
    reap(floor);
}

/* Reaps in the next round of the loop, which looks at descriptors first. */
static void round_bh(Floor *floor)
{
    struct epoll_event event;

    submit(floor);
    sleep_on_eventfd(floor);
    epoll_wait(floor->epoll, &event, 1, 0);
    reap(floor);
}

static void round_adaptive(Floor *floor)
{
    submit(floor);
    for (int i = 0; i < LOOKS_BEFORE_SLEEP; i++) {
        if (!aio_ring_is_empty(floor->ring)) {
            reap(floor);
            return;
        }
    }
    sleep_on_eventfd(floor);
    reap(floor);
}

static void round_getevents(Floor *floor)
{
    long n;

    submit(floor);
    n = syscall(SYS_io_getevents, floor->id, 1L, (long)floor->depth,
                floor->events, NULL);
    if (n < 0) {
        die("io_getevents");
    }
    for (long i = 0; i < n; i++) {
        again(floor, &floor->events[i]);
    }
}

typedef struct Mode {
    const char *name;
    void (*round)(Floor *floor);
    bool needs_eventfd;
} Mode;

static const Mode modes[] = {
    {"poll", round_poll, false},
    {"eventfd", round_eventfd, true},
    {"bh", round_bh, true},
    {"adaptive", round_adaptive, true},
    {"getevents", round_getevents, false},
};

static const Mode *find_mode(const char *name)
{
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strcmp(modes[i].name, name) == 0) {
            return &modes[i];
        }
    }
    errno = EINVAL;
    die(name);
    return NULL;
}

/* ---- set-up ------------------------------------------------------------------------ */

static void *allocate(size_t bytes)
{
    void *memory = memory_map(bytes);

    if (!memory) {
        errno = ENOMEM;
        die("mmap");
    }
    return memory;
}

static void make_offsets(Floor *floor, uint64_t region_bytes, uint64_t seed)
{
    WorkloadPlan plan = {
        .blocks = region_bytes / BLOCK_BYTES,
        .step_bytes = BLOCK_BYTES,
        .block_bytes = BLOCK_BYTES,
        .read_percent = 100,
        .random = true,
        .use_map = true,
        .seed = seed,
    };
    Workload workload;
    Request request;

    workload_init(&workload, &plan);
    floor->offsets = allocate(TABLE_SIZE * sizeof(*floor->offsets));
    for (int i = 0; i < TABLE_SIZE; i++) {
        workload_next(&workload, &request);
        floor->offsets[i] = request.offset;
    }
}

static void make_requests(Floor *floor, int fd, const Mode *mode)
{
    struct iocb *iocbs = allocate(floor->depth * sizeof(*iocbs));
    uint8_t *buffers = allocate((size_t)floor->depth * BLOCK_BYTES);

    floor->ready = allocate(floor->depth * sizeof(*floor->ready));
    for (uint32_t i = 0; i < floor->depth; i++) {
        iocbs[i] = (struct iocb){
            .aio_lio_opcode = IOCB_CMD_PREAD,
            .aio_fildes = (uint32_t)fd,
            .aio_buf = (uintptr_t)(buffers + (size_t)i * BLOCK_BYTES),
            .aio_nbytes = BLOCK_BYTES,
            .aio_offset = (int64_t)floor->offsets[floor->next_offset++],
            .aio_flags = mode->needs_eventfd ? IOCB_FLAG_RESFD : 0,
            .aio_resfd = mode->needs_eventfd ? (uint32_t)floor->eventfd : 0,
        };
        floor->ready[floor->ready_count++] = &iocbs[i];
    }
}

static void open_eventfd(Floor *floor)
{
    struct epoll_event event = {.events = EPOLLIN};

    floor->eventfd = eventfd(0, EFD_NONBLOCK);
    floor->epoll = epoll_create1(0);
    if (floor->eventfd < 0 || floor->epoll < 0 ||
        epoll_ctl(floor->epoll, EPOLL_CTL_ADD, floor->eventfd, &event) < 0) {
        die("eventfd");
    }
}

static int open_target(const char *path)
{
    int fd = open(path, O_RDONLY | O_NOATIME | O_DIRECT);

    if (fd < 0 && errno == EINVAL) { /* /dev/zero knows no direct I/O */
        fd = open(path, O_RDONLY | O_NOATIME);
    }
    if (fd < 0) {
        die(path);
    }
    return fd;
}

typedef struct Run {
    Floor *floor;
    const Mode *mode;
    uint64_t runtime_ns;
} Run;

/*
 * On a thread of its own, as an IOThread is: in a program of several threads
 * the kernel's look-up of a descriptor costs more.
 */
static void *run(void *opaque)
{
    const Run *run = opaque;
    Floor *floor = run->floor;
    uint64_t start = clock_ns(CLOCK_MONOTONIC), now = start;
    uint64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);

    while (now - start < run->runtime_ns) {
        for (int i = 0; i < CALLS_PER_CLOCK_READING; i++) {
            run->mode->round(floor);
        }
        now = clock_ns(CLOCK_MONOTONIC);
    }
    printf("%llu %llu %llu\n", (unsigned long long)floor->ios,
           (unsigned long long)(now - start),
           (unsigned long long)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu));
    return NULL;
}

int main(int argc, char **argv)
{
    Floor floor = {0};
    Run job = {.floor = &floor};
    pthread_t thread;

    if (argc != 8) {
        fprintf(stderr, "usage: floor MODE PATH IODEPTH BATCH SECONDS "
                        "REGION_BYTES SEED\n");
        return 2;
    }
    job.mode = find_mode(argv[1]);
    job.runtime_ns = (uint64_t)(strtod(argv[5], NULL) * 1e9);
    floor.depth = (uint32_t)strtoul(argv[3], NULL, 10);
    floor.batch = (uint32_t)strtoul(argv[4], NULL, 10);
    make_offsets(&floor, strtoull(argv[6], NULL, 10),
                 strtoull(argv[7], NULL, 10));
    open_eventfd(&floor);
    make_requests(&floor, open_target(argv[2]), job.mode);
    floor.events = allocate(floor.depth * sizeof(*floor.events));
    if (syscall(SYS_io_setup, floor.depth, &floor.id) < 0) {
        die("io_setup");
    }
    floor.ring = (AioRing *)(uintptr_t)floor.id;
    if (!aio_ring_is_known(floor.ring)) {
        errno = ENOTSUP;
        die("the ring");
    }
    if (pthread_create(&thread, NULL, run, &job) != 0) {
        die("pthread_create");
    }
    pthread_join(thread, NULL);
    return 0;
}

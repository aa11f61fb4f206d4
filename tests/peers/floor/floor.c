/*
 *     floor ENGINE MODE PATH IODEPTH BATCH SECONDS REGION_BYTES SEED
 *
 * The offsets are those that laiobench visits with this seed, in its order,
 * made beforehand by its own workload: a device's cost depends on them.  So
 * are the flags with which the device is opened, and the allocator.  At
 * iodepth 1 its buffer is not much, while laiobench has one in a huge page
 * all the same, beside its histograms.
 *
 * Prints I/Os, nanoseconds, and nanoseconds of CPU time.
 */
#define _GNU_SOURCE
#include "floor.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#include "base/memory.h"
#include "workload/workload.h"

enum { CALLS_PER_CLOCK_READING = 256 }; /* looks at the clock are not free */

void floor_die(const char *what)
{
    fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
    exit(1);
}

void *floor_allocate(size_t bytes)
{
    void *memory = memory_map(bytes);

    if (!memory) {
        errno = ENOMEM;
        floor_die("mmap");
    }
    return memory;
}

static uint64_t clock_ns(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- what was asked for ------------------------------------------------------ */

static const FloorEngine *find_engine(const char *name)
{
    static const FloorEngine *const engines[] = {&floor_aio, &floor_uring};

    for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++) {
        if (strcmp(engines[i]->name, name) == 0) {
            return engines[i];
        }
    }
    errno = EINVAL;
    floor_die(name);
}

static const FloorMode *find_mode(const FloorEngine *engine, const char *name)
{
    for (const FloorMode *mode = engine->modes; mode->name; mode++) {
        if (strcmp(mode->name, name) == 0) {
            return mode;
        }
    }
    errno = EINVAL;
    floor_die(name);
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
    floor->offsets = floor_allocate(TABLE_SIZE * sizeof(*floor->offsets));
    for (int i = 0; i < TABLE_SIZE; i++) {
        workload_next(&workload, &request);
        floor->offsets[i] = request.offset;
    }
}

static void open_eventfd(Floor *floor)
{
    struct epoll_event event = {.events = EPOLLIN};

    floor->eventfd = eventfd(0, EFD_NONBLOCK);
    floor->epoll = epoll_create1(0);
    if (floor->eventfd < 0 || floor->epoll < 0 ||
        epoll_ctl(floor->epoll, EPOLL_CTL_ADD, floor->eventfd, &event) < 0) {
        floor_die("eventfd");
    }
}

static int open_target(const char *path)
{
    int fd = open(path, O_RDONLY | O_NOATIME | O_DIRECT);

    if (fd < 0 && errno == EINVAL) { /* /dev/zero knows no direct I/O */
        fd = open(path, O_RDONLY | O_NOATIME);
    }
    if (fd < 0) {
        floor_die(path);
    }
    return fd;
}

/* ---- the run ------------------------------------------------------------------ */

typedef struct Run {
    Floor *floor;
    const FloorEngine *engine;
    const FloorMode *mode;
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
    uint64_t start, now, cpu;

    run->engine->open(floor, run->mode);
    start = now = clock_ns(CLOCK_MONOTONIC);
    cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
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

    if (argc != 9) {
        fprintf(stderr, "usage: floor ENGINE MODE PATH IODEPTH BATCH SECONDS "
                        "REGION_BYTES SEED\n");
        return 2;
    }
    job.engine = find_engine(argv[1]);
    job.mode = find_mode(job.engine, argv[2]);
    floor.fd = open_target(argv[3]);
    floor.depth = (uint32_t)strtoul(argv[4], NULL, 10);
    floor.batch = (uint32_t)strtoul(argv[5], NULL, 10);
    job.runtime_ns = (uint64_t)(strtod(argv[6], NULL) * 1e9);
    make_offsets(&floor, strtoull(argv[7], NULL, 10),
                 strtoull(argv[8], NULL, 10));
    floor.buffers = floor_allocate((size_t)floor.depth * BLOCK_BYTES);
    open_eventfd(&floor);
    if (pthread_create(&thread, NULL, run, &job) != 0) {
        floor_die("pthread_create");
    }
    pthread_join(thread, NULL);
    return 0;
}

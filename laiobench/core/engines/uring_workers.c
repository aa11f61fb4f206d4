#define _GNU_SOURCE
#include "engines/uring_workers.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The kernel's number of the clock that shows a thread's CPU time. */
static clockid_t cpu_clock_of(int thread)
{
    return (clockid_t)(~(unsigned)thread << 3 | 6);
}

static uint64_t cpu_ns_of(int thread)
{
    struct timespec time;

    if (clock_gettime(cpu_clock_of(thread), &time) < 0) {
        return 0; /* it has just ended */
    }
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* A small file of @thread; empty if it can't be read. */
static void read_file(int thread, const char *name, char *text, size_t room)
{
    char path[64];
    ssize_t got = -1;
    int fd;

    snprintf(path, sizeof(path), "/proc/self/task/%d/%s", thread, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        got = read(fd, text, room - 1);
        close(fd);
    }
    text[got > 0 ? got : 0] = '\0';
}

static uint64_t sleeps_of(int thread)
{
    static const char label[] = "\nvoluntary_ctxt_switches:";
    char text[4096];
    const char *found;

    read_file(thread, "status", text, sizeof(text));
    found = strstr(text, label);
    return found ? strtoull(found + strlen(label), NULL, 10) : 0;
}

/* Is it called "@prefix@owner"? */
static bool is_named(const char *name, const char *prefix, long owner)
{
    size_t length = strlen(prefix);

    return strncmp(name, prefix, length) == 0 &&
           strtol(name + length, NULL, 10) == owner;
}

/* The worker, which may be new; NULL without memory for one more. */
static UringWorker *find(UringWorkers *workers, int thread)
{
    for (uint32_t i = 0; i < workers->count; i++) {
        if (workers->known[i].thread == thread) {
            return &workers->known[i];
        }
    }
    if (workers->count == workers->room) {
        uint32_t room = workers->room ? 2 * workers->room : 16;
        UringWorker *known =
            realloc(workers->known, room * sizeof(*workers->known));

        if (!known) {
            return NULL;
        }
        workers->known = known;
        workers->room = room;
    }
    workers->known[workers->count] = (UringWorker){.thread = thread};
    return &workers->known[workers->count++];
}

static void look_at_worker(UringWorkers *workers, int thread)
{
    UringWorker *worker = find(workers, thread);
    uint64_t cpu_ns = cpu_ns_of(thread), sleeps = sleeps_of(thread);

    if (!worker) {
        return;
    }
    worker->is_there = true;
    if (cpu_ns > worker->cpu_ns) {
        workers->cpu_ns += cpu_ns - worker->cpu_ns;
        worker->cpu_ns = cpu_ns;
    }
    if (sleeps > worker->sleeps) {
        workers->sleeps += sleeps - worker->sleeps;
        worker->sleeps = sleeps;
    }
}

/* Numbers of threads are given again: a later worker must not be taken for it. */
static void forget_ended(UringWorkers *workers)
{
    uint32_t left = 0;

    for (uint32_t i = 0; i < workers->count; i++) {
        if (workers->known[i].is_there) {
            workers->known[left] = workers->known[i];
            workers->known[left++].is_there = false;
        }
    }
    workers->count = left;
}

static void look_at(UringWorkers *workers, int thread, long owner)
{
    char name[32];

    read_file(thread, "comm", name, sizeof(name));
    if (is_named(name, "iou-wrk-", owner)) {
        look_at_worker(workers, thread);
    } else if (is_named(name, "iou-sqp-", owner)) {
        workers->poller_cpu_ns = cpu_ns_of(thread);
    }
}

void uring_workers_look(UringWorkers *workers)
{
    DIR *threads = opendir("/proc/self/task");
    long owner = syscall(SYS_gettid);
    const struct dirent *entry;

    while (threads && (entry = readdir(threads))) {
        int thread = atoi(entry->d_name);

        if (thread > 0) {
            look_at(workers, thread, owner);
        }
    }
    if (threads) {
        closedir(threads);
        forget_ended(workers);
    }
}

void uring_workers_cleanup(UringWorkers *workers)
{
    free(workers->known);
}

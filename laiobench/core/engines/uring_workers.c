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

/* A small file; empty if it can't be read. */
static void read_file(const char *path, char *text, size_t room)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = -1;

    if (fd >= 0) {
        got = read(fd, text, room - 1);
        close(fd);
    }
    text[got > 0 ? got : 0] = '\0';
}

/* One of @thread. */
static void read_file_of(int thread, const char *name, char *text, size_t room)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/self/task/%d/%s", thread, name);
    read_file(path, text, room);
}

static uint64_t sleeps_of(int thread)
{
    static const char label[] = "\nvoluntary_ctxt_switches:";
    char text[4096];
    const char *found;

    read_file_of(thread, "status", text, sizeof(text));
    found = strstr(text, label);
    return found ? strtoull(found + strlen(label), NULL, 10) : 0;
}

/* ---- whose they are -------------------------------------------------------- */

/* How many there are in this process; atomic. */
static uint32_t owners;

/*
 * They are named after the kernel's own number of a thread.  In a container
 * (a PID namespace) gettid() tells another one, and nothing tells the kernel's.
 */
static bool knows_kernel_numbers(void)
{
    static const char of_the_first[] = "pid:[4026531836]";
    char link[32] = "";

    return readlink("/proc/self/ns/pid", link, sizeof(link) - 1) < 0 ||
           strcmp(link, of_the_first) == 0;
}

/* The kernel's number of the thread that submits for the ring; 0: not known. */
static long poller_number(int ring_fd)
{
    static const char label[] = "SqThread:";
    char path[64], text[4096];
    const char *found;
    long number;

    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", ring_fd);
    read_file(path, text, sizeof(text));
    found = strstr(text, label);
    number = found ? strtol(found + strlen(label), NULL, 10) : 0;
    return number > 0 ? number : 0;
}

/* Has it a name of "@prefix" and a thread's number?  That, or 0. */
static long number_in(const char *name, const char *prefix)
{
    size_t length = strlen(prefix);

    return strncmp(name, prefix, length) == 0 ? strtol(name + length, NULL, 10)
                                              : 0;
}

/* Workers of a ring with a poller are the poller's. */
static bool is_ours(const UringWorkers *workers, long number)
{
    if (number == 0) {
        return false;
    }
    if (workers->owner == 0) { /* whoever it is, there is no other */
        return __atomic_load_n(&owners, __ATOMIC_RELAXED) == 1;
    }
    return number == workers->owner || number == workers->poller;
}

/* ---- what they used -------------------------------------------------------- */

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

static void look_at(UringWorkers *workers, int thread)
{
    char name[32];

    read_file_of(thread, "comm", name, sizeof(name));
    if (is_ours(workers, number_in(name, "iou-wrk-"))) {
        look_at_worker(workers, thread);
    } else if (is_ours(workers, number_in(name, "iou-sqp-"))) {
        workers->poller_cpu_ns = cpu_ns_of(thread);
    }
}

void uring_workers_init(UringWorkers *workers, int ring_fd)
{
    *workers = (UringWorkers){
        .ring_fd = ring_fd,
        .owner = knows_kernel_numbers() ? syscall(SYS_gettid) : 0,
    };
    __atomic_fetch_add(&owners, 1, __ATOMIC_RELAXED);
}

void uring_workers_look(UringWorkers *workers)
{
    DIR *threads = opendir("/proc/self/task");
    long poller = poller_number(workers->ring_fd);
    const struct dirent *entry;

    if (poller > 0) { /* not told while the ring is in use, in some kernels */
        workers->poller = poller;
    }
    while (threads && (entry = readdir(threads))) {
        int thread = atoi(entry->d_name);

        if (thread > 0) {
            look_at(workers, thread);
        }
    }
    if (threads) {
        closedir(threads);
        forget_ended(workers);
    }
}

void uring_workers_cleanup(UringWorkers *workers)
{
    __atomic_fetch_sub(&owners, 1, __ATOMIC_RELAXED);
    free(workers->known);
}

#define _GNU_SOURCE
#include "run/thread_usage.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static uint64_t timeval_ns(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_usec * 1000;
}

int thread_schedstat_open(void)
{
    return open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
}

/* The file has: time on a CPU, time waiting for one, slices. */
static uint64_t read_run_delay_ns(int fd)
{
    char text[96] = "";
    unsigned long long on_cpu, delay = 0;

    if (fd >= 0 && pread(fd, text, sizeof(text) - 1, 0) > 0 &&
        sscanf(text, "%llu %llu", &on_cpu, &delay) != 2) {
        delay = 0;
    }
    return delay;
}

ThreadUsage thread_usage_read(int schedstat_fd, Engine *engine)
{
    KernelThreadsUsage kernel = {0};
    uint64_t user_ns = counter_read(&engine->pool.user_ns);
    uint64_t system_ns = counter_read(&engine->pool.system_ns);
    struct rusage usage;
    struct timespec cpu;

    if (engine->ops->kernel_threads) {
        kernel = engine->ops->kernel_threads(engine);
        system_ns += kernel.workers_ns + kernel.poller_ns;
    }

    getrusage(RUSAGE_THREAD, &usage);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
    return (ThreadUsage){
        .cpu_ns = (uint64_t)cpu.tv_sec * 1000000000u + (uint64_t)cpu.tv_nsec +
                  user_ns + system_ns,
        .user_ns = timeval_ns(usage.ru_utime) + user_ns,
        .system_ns = timeval_ns(usage.ru_stime) + system_ns,
        .voluntary_switches = (uint64_t)usage.ru_nvcsw,
        .involuntary_switches = (uint64_t)usage.ru_nivcsw,
        .run_delay_ns = read_run_delay_ns(schedstat_fd),
        .kernel = kernel,
    };
}

ThreadCpus thread_cpus_read(void)
{
    ThreadCpus cpus;
    cpu_set_t set;

    _Static_assert(sizeof(set) == sizeof(cpus),
                   "ThreadCpus has the size of cpu_set_t");
    CPU_ZERO(&set);
    sched_getaffinity(0, sizeof(set), &set); /* on failure the set is empty */
    memcpy(&cpus, &set, sizeof(cpus));
    return cpus;
}

bool thread_cpus_equal(const ThreadCpus *cpus, const ThreadCpus *others)
{
    return memcmp(cpus, others, sizeof(*cpus)) == 0;
}

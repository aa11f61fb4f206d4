/*
 * What the kernel counts of a thread: CPU time, switches, how long it was kept
 * waiting for a CPU, and on which CPUs it may run.  Of the calling thread alone.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engines/engine.h"

/* At one moment, or between two of them. */
typedef struct ThreadUsage {
    uint64_t cpu_ns;             /* exact */
    uint64_t user_ns, system_ns; /* its parts, as of the last tick */
    uint64_t voluntary_switches, involuntary_switches;
    uint64_t run_delay_ns; /* ready to run, and not running */
    uint64_t measured_ns;  /* the time itself: all of these are within it */
} ThreadUsage;

/* As large as the kernel's sets of CPUs are here. */
#define THREAD_CPU_WORDS 16

typedef struct ThreadCpus {
    uint64_t words[THREAD_CPU_WORDS];
} ThreadCpus;

/* The file that tells the run delay, or -1. */
int thread_schedstat_open(void);

/* With that of the threads of @pool; but for measured_ns, the caller's. */
ThreadUsage thread_usage_read(int schedstat_fd, const PoolUsage *pool);

ThreadCpus thread_cpus_read(void);
bool thread_cpus_equal(const ThreadCpus *cpus, const ThreadCpus *others);

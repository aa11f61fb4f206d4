/*
 * What the kernel counts for the calling thread: CPU time, context switches,
 * time in which it waited for a CPU; and its affinity.  Knows nothing of what
 * it runs.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engines/engine.h"

/* Counts up to one moment, or between two moments. */
typedef struct ThreadUsage {
    uint64_t cpu_ns;             /* exact */
    uint64_t user_ns, system_ns; /* parts of it, as of the last tick */
    uint64_t voluntary_switches, involuntary_switches;
    uint64_t run_delay_ns;     /* ready to run, but without a CPU */
    KernelThreadsUsage kernel; /* part of the times above */
    uint64_t measured_ns;      /* the time itself; it contains all of these */
} ThreadUsage;

/* The size of a cpu_set_t. */
#define THREAD_CPU_WORDS 16

typedef struct ThreadCpus {
    uint64_t words[THREAD_CPU_WORDS];
} ThreadCpus;

/* A descriptor of the file that has the run delay, or -1. */
int thread_schedstat_open(void);

/*
 * Usage of the calling thread, and CPU time of the threads that work for @engine.  The
 * caller sets measured_ns.
 */
ThreadUsage thread_usage_read(int schedstat_fd, Engine *engine);

/* The affinity of the calling thread. */
ThreadCpus thread_cpus_read(void);
bool thread_cpus_equal(const ThreadCpus *cpus, const ThreadCpus *others);

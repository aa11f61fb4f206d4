/*
 * Time on the hot path: a tick counter that costs nanoseconds to read, and
 * its conversion to nanoseconds.  The counter is the CPU's own where it is
 * invariant and could be calibrated against CLOCK_MONOTONIC, else
 * clock_gettime().  Which one it is, and what a reading costs, is reported.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

typedef struct Clock {
    bool hardware;            /* the CPU's counter, not clock_gettime() */
    uint64_t ns_per_tick_q32; /* nanoseconds in a tick, 32.32 fixed point */
    uint64_t ticks_per_s;
    uint64_t start_ticks; /* when it was initialized, in ticks */
    uint64_t start_ns;    /* the same moment, in CLOCK_MONOTONIC */
    double read_ns;       /* what one reading costs, measured */
} Clock;

/*
 * Where the CPU counter is used, the first call in a process calibrates it
 * against CLOCK_MONOTONIC, which takes about 20 ms.  Any thread.
 */
void clock_init(Clock *clock);

/* Use CLOCK_MONOTONIC itself: no calibration, but each reading costs more. */
void clock_init_monotonic(Clock *clock);

static inline uint64_t clock_monotonic_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline uint64_t clock_cpu_counter(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    uint64_t value;

    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(value));
    return value;
#else
    return clock_monotonic_ns();
#endif
}

/* Now, in ticks.  Comparable only with readings through the same Clock. */
static inline uint64_t clock_now(const Clock *clock)
{
    return __builtin_expect(clock->hardware, 1) ? clock_cpu_counter()
                                                : clock_monotonic_ns();
}

static inline uint64_t clock_ticks_to_ns(const Clock *clock, uint64_t ticks)
{
    return (uint64_t)(((unsigned __int128)ticks * clock->ns_per_tick_q32) >>
                      32);
}

/* Convert a reading of the clock to CLOCK_MONOTONIC's time. */
static inline uint64_t clock_to_monotonic_ns(const Clock *clock, uint64_t ticks)
{
    return clock->start_ns +
           clock_ticks_to_ns(clock, ticks - clock->start_ticks);
}

static inline uint64_t clock_ns_to_ticks(const Clock *clock, uint64_t ns)
{
    return (uint64_t)((unsigned __int128)ns * clock->ticks_per_s / 1000000000u);
}

/* How far the ticks have drifted from CLOCK_MONOTONIC since clock_init(). */
double clock_drift_ppm(const Clock *clock);

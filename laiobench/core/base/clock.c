#include "base/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define CALIBRATION_NS 20000000u
#define PAIR_ATTEMPTS 16

/*
 * Read both clocks at one moment.  An interrupt between the two readings
 * would set them apart, so keep the attempt that took the least time.
 */
static void read_pair(uint64_t *ticks, uint64_t *ns)
{
    uint64_t tightest = UINT64_MAX;

    for (int i = 0; i < PAIR_ATTEMPTS; i++) {
        uint64_t before = clock_cpu_counter();
        uint64_t middle_ns = clock_monotonic_ns();
        uint64_t width = clock_cpu_counter() - before;

        if (width < tightest) {
            tightest = width;
            *ticks = before + width / 2;
            *ns = middle_ns;
        }
    }
}

#if defined(__x86_64__)
/* Does the (short) file have a line that begins with @start and has @word? */
static bool file_says(const char *path, const char *start, const char *word)
{
    char line[8192];
    bool found = false;
    FILE *file = fopen(path, "re");

    while (file && !found && fgets(line, sizeof(line), file)) {
        found = strncmp(line, start, strlen(start)) == 0 && strstr(line, word);
    }
    if (file) {
        fclose(file);
    }
    return found;
}

/*
 * The counter must have a constant rate, never stop, and be the same on all
 * CPUs.  If it differs between CPUs, the kernel removes "tsc" from its list of
 * clock sources.
 */
static bool cpu_counter_is_invariant(void)
{
    return file_says("/proc/cpuinfo", "flags", " constant_tsc") &&
           file_says("/proc/cpuinfo", "flags", " nonstop_tsc") &&
           file_says("/sys/devices/system/clocksource/clocksource0/"
                     "available_clocksource",
                     "", "tsc ");
}
#elif defined(__aarch64__)
/* The architecture's generic timer is invariant by definition. */
static bool cpu_counter_is_invariant(void)
{
    return true;
}
#else
static bool cpu_counter_is_invariant(void)
{
    return false;
}
#endif

static void sleep_ns(uint64_t ns)
{
    struct timespec left = {.tv_sec = 0, .tv_nsec = (long)ns};

    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) != 0) {
    }
}

/*
 * The counter's rate is a constant of the machine.  Measuring it takes a sleep, so
 * only the first clock of the process does.  It is written once, under rate_once,
 * and only read after that.
 */
static pthread_once_t rate_once = PTHREAD_ONCE_INIT;
static struct {
    bool is_known;
    uint64_t ns_per_tick_q32;
    uint64_t ticks_per_s;
} rate;

static void measure_rate(void)
{
    uint64_t start_ticks = 0, start_ns = 0, ticks = 0, ns = 0;

    read_pair(&start_ticks, &start_ns);
    sleep_ns(CALIBRATION_NS);
    read_pair(&ticks, &ns);
    if (ticks <= start_ticks || ns <= start_ns) {
        return;
    }
    ticks -= start_ticks;
    ns -= start_ns;
    rate.ns_per_tick_q32 = (uint64_t)(((unsigned __int128)ns << 32) / ticks);
    rate.ticks_per_s = (uint64_t)((unsigned __int128)ticks * 1000000000u / ns);
    rate.is_known = true;
}

/* All clocks share the rate; each measures its drift from its own start. */
static bool calibrate(Clock *clock)
{
    pthread_once(&rate_once, measure_rate);
    clock->ns_per_tick_q32 = rate.ns_per_tick_q32;
    clock->ticks_per_s = rate.ticks_per_s;
    read_pair(&clock->start_ticks, &clock->start_ns);
    return rate.is_known;
}

static double measure_read_ns(const Clock *clock)
{
    enum { READINGS = 1000 };
    uint64_t first = clock_now(clock), last = first;

    for (int i = 0; i < READINGS; i++) {
        last = clock_now(clock);
    }
    return (double)clock_ticks_to_ns(clock, last - first) / READINGS;
}

void clock_init_monotonic(Clock *clock)
{
    uint64_t now_ns = clock_monotonic_ns();

    *clock = (Clock){
        .ns_per_tick_q32 = UINT64_C(1) << 32,
        .ticks_per_s = 1000000000u,
        .start_ns = now_ns,
        .start_ticks = now_ns,
    };
}

void clock_init(Clock *clock)
{
    clock->hardware = cpu_counter_is_invariant() && calibrate(clock);
    if (!clock->hardware) {
        clock_init_monotonic(clock);
    }
    clock->read_ns = measure_read_ns(clock);
}

double clock_drift_ppm(const Clock *clock)
{
    uint64_t ticks, ns;

    if (!clock->hardware) {
        return 0.0;
    }
    read_pair(&ticks, &ns);

    double by_monotonic = (double)(ns - clock->start_ns);
    double by_ticks =
        (double)clock_ticks_to_ns(clock, ticks - clock->start_ticks);

    return by_monotonic > 0 ? (by_ticks / by_monotonic - 1.0) * 1e6 : 0.0;
}

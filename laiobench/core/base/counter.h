/*
 * Counters that one thread adds to while another may read them.  Relaxed: the
 * reader never sees a half-written number, but may see two counters change in
 * any order.
 */
#pragma once

#include <stdint.h>

static inline uint64_t counter_read(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/*
 * For counters with one writer.  It costs no more than a plain addition; on
 * x86-64 this needs the assembly, or compilers make three instructions of it.
 */
static inline void counter_add(uint64_t *counter, uint64_t n)
{
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
    __asm__("addq %1, %0" : "+m"(*counter) : "er"(n) : "cc");
#else
    __atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
#endif
}

static inline void counter_set(uint64_t *counter, uint64_t value)
{
    __atomic_store_n(counter, value, __ATOMIC_RELAXED);
}

/* For counters with several writers. */
static inline void counter_add_shared(uint64_t *counter, uint64_t n)
{
    __atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

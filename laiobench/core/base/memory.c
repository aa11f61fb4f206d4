#define _GNU_SOURCE
#include "base/memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>

#define HUGE_PAGE_BYTES ((size_t)2 << 20)

/* Smaller memory gets no huge page: it would waste most of it. */
#define WORTH_A_HUGE_PAGE (HUGE_PAGE_BYTES / 32)

static size_t round_up(size_t bytes, size_t unit)
{
    return (bytes + unit - 1) / unit * unit;
}

static size_t mapped_bytes(size_t bytes)
{
    return round_up(bytes, bytes < WORTH_A_HUGE_PAGE ? MEMORY_PAGE_BYTES
                                                     : HUGE_PAGE_BYTES);
}

static uint8_t *map(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

/* Map @bytes, a multiple of @align, at an address that is one, too. */
static uint8_t *map_aligned(size_t bytes, size_t align)
{
    uint8_t *room = map(bytes + align), *memory;
    size_t before;

    if (!room) {
        return NULL;
    }
    before = round_up((uintptr_t)room, align) - (uintptr_t)room;
    memory = room + before;
    if (before > 0) {
        munmap(room, before);
    }
    if (before < align) {
        munmap(memory + bytes, align - before);
    }
    return memory;
}

static void touch_each_page(volatile uint8_t *memory, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += MEMORY_PAGE_BYTES) {
        memory[at] = 0;
    }
}

void *memory_map(size_t bytes)
{
    size_t mapped = mapped_bytes(bytes);
    bool is_huge = mapped % HUGE_PAGE_BYTES == 0;
    uint8_t *memory = is_huge ? map_aligned(mapped, HUGE_PAGE_BYTES)
                              : map(mapped);

    if (!memory) {
        return NULL;
    }
    if (is_huge) {
        /* if it fails, small pages serve */
        madvise(memory, mapped, MADV_HUGEPAGE);
    }
    touch_each_page(memory, bytes);
    return memory;
}

void memory_unmap(void *memory, size_t bytes)
{
    if (memory) {
        munmap(memory, mapped_bytes(bytes));
    }
}

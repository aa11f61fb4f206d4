/*
 * Large memory for the hot path: there from the start, so that no page fault
 * is measured, and in huge pages where the kernel has them, since each I/O
 * makes it look up where the buffer's pages are.
 */
#pragma once

#include <stddef.h>

#define MEMORY_PAGE_BYTES 4096

/* Zeroed and page-aligned; NULL without memory. */
void *memory_map(size_t bytes);

/* What memory_map() gave for as many @bytes; NULL is none. */
void memory_unmap(void *memory, size_t bytes);

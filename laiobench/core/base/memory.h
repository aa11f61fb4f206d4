/*
 * Large memory for the hot path.  Each page is touched at the start, so that no
 * page fault is measured.  Huge pages are used where the kernel has them: at each
 * I/O the kernel looks up the buffer's pages, and finds huge ones sooner.
 */
#pragma once

#include <stddef.h>

#define MEMORY_PAGE_BYTES 4096

/* Zeroed and page-aligned; NULL without memory. */
void *memory_map(size_t bytes);

/* Free what memory_map() returned for the same @bytes.  NULL: do nothing. */
void memory_unmap(void *memory, size_t bytes);

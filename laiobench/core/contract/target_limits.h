/*
 * The alignment that a file or block device demands of direct I/O, and its
 * size.
 *
 * cffi reads this file, too, so it has plain declarations only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct TargetLimits {
    uint64_t size_bytes;    /* 0: it has none, as a character device */
    uint32_t memory_align;  /* buffers, bytes; 0: it refuses direct I/O */
    uint32_t request_align; /* offsets and lengths, bytes */
    bool is_block_device;
    bool is_regular_file;
} TargetLimits;

/* Ask the kernel for the limits of the open file @fd.  0 or -errno. */
int target_probe(int fd, TargetLimits *limits);

/* Whether parts of it can be trimmed.  @fd must be open for writing. */
bool target_can_trim(int fd);

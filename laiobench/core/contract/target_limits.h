/*
 * What a file or block device demands of direct I/O, and how large it is.
 *
 * cffi reads this file as well as the compiler: plain declarations only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct TargetLimits {
    uint64_t size_bytes;    /* 0: it has no size, as a character device */
    uint32_t memory_align;  /* of buffer addresses; 0: direct I/O is refused */
    uint32_t request_align; /* of offsets and lengths */
    bool is_block_device;
    bool is_regular_file;
} TargetLimits;

/* Ask the kernel about the open file @fd.  0 or -errno. */
int target_probe(int fd, TargetLimits *limits);

/* Can a part of the file or device be trimmed?  @fd is open for writing. */
bool target_can_trim(int fd);

/*
 * The memory of a job: its requests, their buffers, and its records, in one
 * mapping, so that it needs as few huge pages as possible.  Does not know what
 * they are for.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engines/request.h"

typedef struct JobMemoryPlan {
    uint32_t iodepth;
    uint32_t buffer_bytes;
    uint32_t buffer_align; /* bytes, exactly; 4096: buffers begin at pages */
    size_t record_bytes;
} JobMemoryPlan;

typedef struct JobMemory {
    uint8_t *buffers;     /* the beginning of the mapping */
    size_t buffer_stride; /* from one buffer to the next */
    size_t buffer_lead;   /* from the start of a page to its buffer */
    Request *requests;    /* iodepth of them */
    void *records;
    size_t bytes; /* of the mapping */
} JobMemory;

/* Map it; all bytes are 0.  0 or -errno, with @error. */
int job_memory_init(JobMemory *memory, const JobMemoryPlan *plan, Error *error);
void job_memory_cleanup(JobMemory *memory);

static inline uint8_t *job_memory_buffer(const JobMemory *memory,
                                         uint32_t index)
{
    return memory->buffers + index * memory->buffer_stride +
           memory->buffer_lead;
}

/*
 * The memory of a job: its requests, their buffers, and what it records, in
 * one piece, so that it fits into as few huge pages as can be.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engines/request.h"

typedef struct JobMemoryPlan {
    uint32_t iodepth;
    uint32_t buffer_bytes;
    uint32_t buffer_align; /* this, and not more; 4096: whole pages */
    size_t record_bytes;
} JobMemoryPlan;

typedef struct JobMemory {
    uint8_t *buffers; /* buffer_stride apart, from the beginning of all */
    size_t buffer_stride;
    size_t buffer_lead; /* how far into its page a buffer begins */
    Request *requests;
    void *records;
    size_t bytes; /* of all */
} JobMemory;

/* Zeroed.  0 or -errno. */
int job_memory_init(JobMemory *memory, const JobMemoryPlan *plan, Error *error);
void job_memory_cleanup(JobMemory *memory);

static inline uint8_t *job_memory_buffer(const JobMemory *memory,
                                         uint32_t index)
{
    return memory->buffers + index * memory->buffer_stride +
           memory->buffer_lead;
}

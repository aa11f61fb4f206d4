#include "job/job_memory.h"

#include <errno.h>

#include "base/memory.h"

static size_t round_up(size_t bytes, size_t unit)
{
    return (bytes + unit - 1) / unit * unit;
}

/*
 * Each buffer has pages of its own, whatever the device demands, since zram
 * writes whole pages.  It begins at a page, unless the plan wants a lower
 * alignment.
 */
int job_memory_init(JobMemory *memory, const JobMemoryPlan *plan, Error *error)
{
    size_t lead = plan->buffer_align < MEMORY_PAGE_BYTES ? plan->buffer_align
                                                         : 0;
    size_t stride = round_up(plan->buffer_bytes + lead, MEMORY_PAGE_BYTES);
    size_t buffers = stride * plan->iodepth;
    size_t records = round_up(plan->record_bytes, _Alignof(Request));
    size_t bytes = buffers + records + plan->iodepth * sizeof(Request);
    uint8_t *base = memory_map(bytes);

    if (!base) {
        return error_set(error, "mmap", ENOMEM, bytes);
    }
    *memory = (JobMemory){
        .buffers = base,
        .buffer_stride = stride,
        .buffer_lead = lead,
        .records = base + buffers,
        .requests = (Request *)(base + buffers + records),
        .bytes = bytes,
    };
    return 0;
}

void job_memory_cleanup(JobMemory *memory)
{
    memory_unmap(memory->buffers, memory->bytes);
}

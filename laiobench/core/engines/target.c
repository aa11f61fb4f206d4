#include "engines/target.h"

#include <sys/uio.h>

static uint32_t mask_of(uint32_t align)
{
    return align ? align - 1 : 0;
}

void target_init(Target *target, int fd, const TargetLimits *limits,
                 void *owner)
{
    *target = (Target){
        .fd = fd,
        .memory_mask = mask_of(limits->memory_align),
        .request_mask = mask_of(limits->request_align),
        .owner = owner,
    };
}

void target_attach(Target *target, AioContext *ctx, Engine *engine)
{
    target->ctx = ctx;
    target->engine = engine;
}

void target_detach(Target *target)
{
    target->ctx = NULL;
    target->engine = NULL;
}

bool target_takes_iov(const Target *target, const Request *request)
{
    const struct iovec *iov = request->buffer;
    uint64_t misaligned = request->offset & target->request_mask;

    for (uint32_t i = 0; i < request->niov; i++) {
        misaligned |= (uintptr_t)iov[i].iov_base & target->memory_mask;
        misaligned |= iov[i].iov_len & target->request_mask;
    }
    return misaligned == 0;
}

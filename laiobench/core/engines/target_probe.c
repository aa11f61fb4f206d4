#define _GNU_SOURCE
#include "contract/target_limits.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/stat.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Used if the kernel does not tell the alignment (before Linux 6.1). */
#define USUAL_SECTOR_BYTES 512

/* The length of a hole made beyond the file's end, to see if holes can be made. */
#define TRIAL_BYTES 4096

/* The kernel's value, for C libraries that are older than it. */
#ifndef STATX_DIOALIGN
#define STATX_DIOALIGN 0x2000U
#endif

/* struct statx up to the two members that we need, for older headers. */
typedef struct StatxAlign {
    uint32_t mask;
    uint8_t before[148];
    uint32_t memory_align;
    uint32_t offset_align;
    uint8_t after[96];
} StatxAlign;

_Static_assert(sizeof(StatxAlign) == sizeof(struct statx), "as the kernel's");

/* Returns whether the kernel told. */
static bool probe_alignment(int fd, TargetLimits *limits)
{
    StatxAlign answer = {0};

    if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &answer) <
            0 ||
        !(answer.mask & STATX_DIOALIGN)) {
        return false;
    }
    limits->memory_align = answer.memory_align;
    limits->request_align = answer.offset_align;
    return true;
}

static int probe_block_device(int fd, TargetLimits *limits)
{
    int sector_bytes = USUAL_SECTOR_BYTES;

    if (ioctl(fd, BLKGETSIZE64, &limits->size_bytes) < 0 ||
        ioctl(fd, BLKSSZGET, &sector_bytes) < 0) {
        return -errno;
    }
    if (!probe_alignment(fd, limits)) {
        limits->memory_align = (uint32_t)sector_bytes;
        limits->request_align = (uint32_t)sector_bytes;
    }
    return 0;
}

bool target_can_trim(int fd)
{
    uint64_t nothing[2] = {0, 0};
    struct stat status;

    if (fstat(fd, &status) < 0) {
        return false;
    }
    if (S_ISBLK(status.st_mode)) {
        return ioctl(fd, BLKDISCARD, nothing) == 0 || errno == EINVAL;
    }
    return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                     (status.st_size / TRIAL_BYTES + 1) * TRIAL_BYTES,
                     TRIAL_BYTES) == 0; /* beyond the end: nothing changes */
}

int target_probe(int fd, TargetLimits *limits)
{
    struct stat status;

    *limits = (TargetLimits){
        .memory_align = USUAL_SECTOR_BYTES,
        .request_align = USUAL_SECTOR_BYTES,
    };
    if (fstat(fd, &status) < 0) {
        return -errno;
    }
    limits->is_block_device = S_ISBLK(status.st_mode);
    limits->is_regular_file = S_ISREG(status.st_mode);
    if (limits->is_block_device) {
        return probe_block_device(fd, limits);
    }
    if (limits->is_regular_file) {
        limits->size_bytes = (uint64_t)status.st_size;
        probe_alignment(fd, limits);
    }
    return 0;
}

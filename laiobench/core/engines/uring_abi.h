/*
 * io_uring's interface with the kernel: structures, numbers and flags, as far
 * as we use them.  Of its own, since the headers of many a system are older than
 * its kernel.  What a kernel lacks it refuses with EINVAL; see uring_ring.c.
 */
#pragma once

#include <stdint.h>

/* The same on all architectures. */
#define URING_SYS_SETUP 425
#define URING_SYS_ENTER 426
#define URING_SYS_REGISTER 427

/* A submission queue entry. */
typedef struct UringSqe {
    uint8_t opcode; /* URING_OP_* */
    uint8_t flags;  /* URING_SQE_* */
    uint16_t ioprio;
    int32_t fd; /* or the index of a registered file */
    union {
        uint64_t offset;
        uint32_t command; /* of URING_OP_COMMAND */
    };
    uint64_t address;
    uint32_t bytes; /* or iovecs */
    uint32_t rw_flags;
    uint64_t user_data;
    uint16_t buffer_index; /* of a registered buffer */
    uint16_t personality;
    int32_t file_index;
    uint64_t address3;
    uint64_t reserved;
} UringSqe;

_Static_assert(sizeof(UringSqe) == 64, "an entry has 64 bytes");

/* A completion queue entry. */
typedef struct UringCqe {
    uint64_t user_data;
    int32_t result; /* bytes, or -errno */
    uint32_t flags;
} UringCqe;

_Static_assert(sizeof(UringCqe) == 16, "an entry has 16 bytes");

/* Where things are in the memory that is shared. */
typedef struct UringSqOffsets {
    uint32_t head, tail, ring_mask, ring_entries, flags, dropped, array;
    uint32_t reserved;
    uint64_t user_address;
} UringSqOffsets;

typedef struct UringCqOffsets {
    uint32_t head, tail, ring_mask, ring_entries, overflow, cqes, flags;
    uint32_t reserved;
    uint64_t user_address;
} UringCqOffsets;

typedef struct UringParams {
    uint32_t sq_entries, cq_entries;
    uint32_t flags; /* URING_SETUP_* */
    uint32_t sq_thread_cpu, sq_thread_idle_ms;
    uint32_t features; /* URING_FEATURE_*, filled in by the kernel */
    uint32_t wq_fd;
    uint32_t reserved[3];
    UringSqOffsets sq;
    UringCqOffsets cq;
} UringParams;

_Static_assert(sizeof(UringParams) == 120, "parameters have 120 bytes");

/* What a waiting io_uring_enter() is given. */
typedef struct UringWait {
    uint64_t signal_mask;
    uint32_t signal_mask_bytes;
    uint32_t min_wait_us;
    uint64_t timeout; /* the address of a struct timespec with 64-bit members */
} UringWait;

_Static_assert(sizeof(UringWait) == 24, "the argument has 24 bytes");

/* For mmap(). */
#define URING_MAP_RINGS UINT64_C(0)
#define URING_MAP_SQES UINT64_C(0x10000000)

/* As large as the kernel lets a submission queue become. */
#define URING_MAX_SQ_ENTRIES 32768

/* A registered buffer is not larger. */
#define URING_MAX_BUFFER_BYTES ((uint64_t)1 << 30)

enum {
    URING_OP_READV = 1,
    URING_OP_WRITEV = 2,
    URING_OP_FSYNC = 3,
    URING_OP_READ_FIXED = 4,
    URING_OP_WRITE_FIXED = 5,
    URING_OP_READ = 22,
    URING_OP_WRITE = 23,
    URING_OP_COMMAND = 46, /* Linux 5.19 */
};

enum {
    URING_SQE_FIXED_FILE = 1 << 0,
    URING_SQE_ASYNC = 1 << 4,
};

#define URING_FSYNC_DATASYNC 1u

/* A command for block devices, Linux 6.12: _IO(0x12, 0). */
#define URING_BLOCK_DISCARD 0x1200u

enum {
    URING_SETUP_IOPOLL = 1 << 0,
    URING_SETUP_SQPOLL = 1 << 1,
    URING_SETUP_SQ_AFF = 1 << 2,
    URING_SETUP_CQSIZE = 1 << 3,
    URING_SETUP_CLAMP = 1 << 4,
    URING_SETUP_SUBMIT_ALL = 1 << 7,     /* Linux 5.18 */
    URING_SETUP_COOP_TASKRUN = 1 << 8,   /* 5.19 */
    URING_SETUP_TASKRUN_FLAG = 1 << 9,   /* 5.19 */
    URING_SETUP_SINGLE_ISSUER = 1 << 12, /* 6.0 */
    URING_SETUP_DEFER_TASKRUN = 1 << 13, /* 6.1 */
    URING_SETUP_NO_SQARRAY = 1 << 16,    /* 6.6 */
};

enum {
    URING_FEATURE_SINGLE_MMAP = 1 << 0, /* 5.4 */
    URING_FEATURE_NODROP = 1 << 1,      /* 5.5 */
    URING_FEATURE_EXT_ARG = 1 << 8,     /* 5.11 */
};

/* In the flags of the submission ring. */
enum {
    URING_SQ_NEED_WAKEUP = 1 << 0, /* its thread sleeps */
    URING_SQ_CQ_OVERFLOW = 1 << 1, /* completions wait outside the ring */
    URING_SQ_TASKRUN = 1 << 2,     /* completions wait for a call of ours */
};

enum {
    URING_ENTER_GETEVENTS = 1 << 0,
    URING_ENTER_SQ_WAKEUP = 1 << 1,
    URING_ENTER_EXT_ARG = 1 << 3,
    URING_ENTER_REGISTERED_RING = 1 << 4, /* 5.18 */
};

enum {
    URING_REGISTER_BUFFERS = 0,
    URING_REGISTER_FILES = 2,
    URING_REGISTER_EVENTFD = 4,
    URING_REGISTER_RING_FDS = 20, /* 5.18 */
    URING_UNREGISTER_RING_FDS = 21,
};

/* Which ring to register for the calling thread, and its index afterwards. */
typedef struct UringRingFd {
    uint32_t index; /* UINT32_MAX: any */
    uint32_t reserved;
    uint64_t fd;
} UringRingFd;

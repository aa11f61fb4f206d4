/*
 * What is registered with an io_uring, so that the kernel need not look it up
 * at each I/O: the files of those who submit, and the memory that their buffers
 * are in.  Knows who they are, and finds which registered thing a request uses.
 */
#pragma once

#include <sys/uio.h>

#include "engines/engine.h"
#include "engines/uring_ring.h"

typedef struct UringRegistered {
    const EngineUser *users; /* the index of a user is that of its file */
    uint32_t user_count;
    bool files;            /* they are registered */
    struct iovec *buffers; /* registered memory; NULL: none is */
    uint32_t buffer_count;
} UringRegistered;

/* 0 or -errno, with @error; nothing is left behind then. */
int uring_registered_init(UringRegistered *registered, const UringRing *ring,
                          const EngineConfig *config, Error *error);
void uring_registered_cleanup(UringRegistered *registered);

/* The index of @fd among the registered files; -1: it is not registered. */
int uring_registered_file(const UringRegistered *registered, int fd);

/* The index of the registered memory that @buffer is in, or -1. */
int uring_registered_buffer(const UringRegistered *registered,
                            const void *buffer);

/*
 * How a request becomes an entry of the submission ring.  What stays the same in
 * all entries of a request is found out once, and kept in the engine's part of
 * it.  Knows nothing of when entries are submitted, nor what comes of them.
 */
#pragma once

#include "engines/uring_registered.h"
#include "engines/uring_ring.h"

/* What all requests of an engine have in common. */
typedef struct UringEntries {
    UringRegistered registered;
    bool is_vectored;  /* a buffer is passed as a vector of one */
    uint32_t rw_flags; /* of each read and write */
} UringEntries;

/* How a request's buffer is passed. */
typedef enum Passing {
    PASS_BUFFER,
    PASS_VECTOR,
    PASS_REGISTERED,
} Passing;

/* This engine's part of a request: what stays the same in its entries. */
typedef struct UringPart {
    const UringEntries *entries; /* for whom the rest holds */
    int32_t fd;                  /* or the index of the registered file */
    uint8_t sqe_flags;
    uint8_t passing;
    uint16_t buffer_index;
    bool no_discard;     /* its target has no command for that */
    struct iovec vector; /* its buffer, to be passed as a vector */
} UringPart;

_Static_assert(sizeof(UringPart) <= REQUEST_ENGINE_BYTES,
               "it has its place in a request");

static inline UringPart *uring_part_of(Request *request)
{
    return (UringPart *)request->engine_part;
}

/* Make the rest of it hold for @entries. */
void uring_entries_bind(const UringEntries *entries, Request *request);

/* All that uring_entries_fill() does not do itself. */
void uring_entries_fill_unusual(UringSqe *sqe, const Request *request,
                                UringPart *part);

/* What is left of @request, which is bound. */
static inline void uring_entries_fill(const UringEntries *entries,
                                      UringSqe *sqe, Request *request)
{
    static const uint8_t opcodes[][2] = {
        [PASS_BUFFER] = {URING_OP_READ, URING_OP_WRITE},
        [PASS_VECTOR] = {URING_OP_READV, URING_OP_WRITEV},
        [PASS_REGISTERED] = {URING_OP_READ_FIXED, URING_OP_WRITE_FIXED},
    };
    UringPart *part = uring_part_of(request);
    bool is_io = request->op <= REQUEST_WRITE;
    uint32_t done = request->bytes_done;

    sqe->opcode = opcodes[part->passing][is_io ? request->op : 0];
    sqe->flags = part->sqe_flags;
    sqe->fd = part->fd;
    sqe->offset = request->offset + done;
    sqe->address = (uintptr_t)request->buffer + done;
    sqe->bytes = request->bytes - done;
    sqe->rw_flags = request->flags | entries->rw_flags;
    sqe->user_data = (uintptr_t)request;
    sqe->buffer_index = part->buffer_index;
    sqe->address3 = 0;
    if (__builtin_expect(!is_io || part->passing == PASS_VECTOR, 0)) {
        uring_entries_fill_unusual(sqe, request, part);
    }
}

#include "engines/uring_entries.h"

#include <linux/fs.h>

#include "engines/target.h"

_Static_assert(REQUEST_READ == 0 && REQUEST_WRITE == 1, "columns of opcodes");
_Static_assert(REQUEST_NOWAIT == RWF_NOWAIT, "flags are the kernel's");

/* A sync has no buffer, so it tells nothing of what comes after it. */
void uring_entries_bind(const UringEntries *entries, Request *request)
{
    UringPart *part = uring_part_of(request);
    int file = uring_registered_file(&entries->registered, request_fd(request));
    int buffer = uring_registered_buffer(&entries->registered, request->buffer);

    *part = (UringPart){
        .entries = request->buffer ? entries : NULL,
        .fd = file >= 0 ? file : request_fd(request),
        .sqe_flags = file >= 0 ? URING_SQE_FIXED_FILE : 0,
        .passing = entries->is_vectored ? PASS_VECTOR : PASS_BUFFER,
    };
    if (request->niov > 0) {
        part->passing = PASS_VECTOR;
    } else if (buffer >= 0) {
        part->passing = PASS_REGISTERED;
        part->buffer_index = (uint16_t)buffer;
    }
}

/* A vector of what is left; request_advance() has advanced one of its own. */
static void fill_vector(UringSqe *sqe, const Request *request, UringPart *part)
{
    sqe->bytes = 1;
    sqe->address = (uintptr_t)&part->vector;
    part->vector = (struct iovec){
        .iov_base = (char *)request->buffer + request->bytes_done,
        .iov_len = request_bytes_left(request),
    };
    if (request->niov > 0) {
        sqe->bytes = request->niov;
        sqe->address = (uintptr_t)request->buffer;
    }
}

/* A sync is of the whole file. */
static void fill_sync(UringSqe *sqe, const Request *request)
{
    sqe->opcode = URING_OP_FSYNC;
    sqe->offset = 0;
    sqe->address = 0;
    sqe->bytes = 0;
    sqe->rw_flags = request->op == REQUEST_FDSYNC ? URING_FSYNC_DATASYNC : 0;
}

static void fill_discard(UringSqe *sqe, const Request *request)
{
    sqe->opcode = URING_OP_COMMAND;
    sqe->offset = 0;
    sqe->command = URING_BLOCK_DISCARD;
    sqe->address = request->offset;
    sqe->address3 = request->bytes;
    sqe->bytes = 0;
    sqe->rw_flags = 0;
}

void uring_entries_fill_unusual(UringSqe *sqe, const Request *request,
                                UringPart *part)
{
    if (request->op == REQUEST_TRIM) {
        fill_discard(sqe, request);
    } else if (request->op > REQUEST_WRITE) {
        fill_sync(sqe, request);
    } else {
        fill_vector(sqe, request, part);
    }
}

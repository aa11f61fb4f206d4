#define _GNU_SOURCE
#include "engines/blocking_io.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define BOUNCE_ALIGN 4096 /* no device wants more than a page */

/* ---- the parts of a request ------------------------------------------------ */

static struct iovec *parts_of(Request *request, struct iovec *single,
                              uint32_t *count)
{
    if (request->niov > 0) {
        *count = request->niov;
        return request->buffer;
    }
    single->iov_base = (uint8_t *)request->buffer + request->bytes_done;
    single->iov_len = request_bytes_left(request);
    *count = 1;
    return single;
}

static void copy_to_parts(Request *request, const uint8_t *from, size_t bytes)
{
    struct iovec single, *iov;
    uint32_t count;

    iov = parts_of(request, &single, &count);
    for (uint32_t i = 0; i < count && bytes > 0; i++) {
        size_t part = bytes < iov[i].iov_len ? bytes : iov[i].iov_len;

        memcpy(iov[i].iov_base, from, part);
        from += part;
        bytes -= part;
    }
}

static void copy_from_parts(Request *request, uint8_t *to)
{
    struct iovec single, *iov;
    uint32_t count;

    iov = parts_of(request, &single, &count);
    for (uint32_t i = 0; i < count; i++) {
        memcpy(to, iov[i].iov_base, iov[i].iov_len);
        to += iov[i].iov_len;
    }
}

/* ---- aligned ----------------------------------------------------------------- */

/* The plainest call that will do. */
static ssize_t call_once(const Request *request, const struct iovec *iov,
                         int count, off_t offset)
{
    int fd = request_fd(request), flags = request->flags;
    bool reads = request->op == REQUEST_READ;

    if (count > 1 || flags != 0) {
        return reads ? preadv2(fd, iov, count, offset, flags)
                     : pwritev2(fd, iov, count, offset, flags);
    }
    return reads ? pread(fd, iov->iov_base, iov->iov_len, offset)
                 : pwrite(fd, iov->iov_base, iov->iov_len, offset);
}

ssize_t blocking_io_once(Request *request)
{
    struct iovec single, *iov;
    uint32_t count;
    off_t offset = (off_t)(request->offset + request->bytes_done);
    ssize_t ret;

    iov = parts_of(request, &single, &count);
    do {
        ret = call_once(request, iov, (int)count, offset);
    } while (ret < 0 && errno == EINTR);
    return ret < 0 ? -errno : ret;
}

/* Transfer all; after a short transfer go on only if the rest is aligned. */
static ssize_t transfer(Request *request, bool *is_misaligned)
{
    while (request_bytes_left(request) > 0) {
        ssize_t ret = blocking_io_once(request);

        if (ret <= 0) {
            return ret < 0 ? ret : request_end_of_target(request);
        }
        if ((uint32_t)ret == request_bytes_left(request)) {
            return 0;
        }
        request_advance(request, (uint32_t)ret);
        if (request->bytes_done & request->target->request_mask) {
            *is_misaligned = true;
            return 0;
        }
    }
    return 0;
}

/* ---- misaligned --------------------------------------------------------------- */

/* What is left of a request, widened to aligned blocks, with its own buffer. */
typedef struct Bounce {
    uint8_t *buffer;
    off_t start;
    size_t bytes;
    size_t lead; /* bytes before the request's part */
} Bounce;

static int bounce_init(Bounce *bounce, const Request *request)
{
    uint64_t mask = request->target->request_mask;
    uint64_t first = request->offset + request->bytes_done;
    uint64_t end = request->offset + request->bytes;

    bounce->start = (off_t)(first & ~mask);
    bounce->bytes = (size_t)(((end + mask) & ~mask) - (first & ~mask));
    bounce->lead = (size_t)(first & mask);
    return posix_memalign((void **)&bounce->buffer, BOUNCE_ALIGN,
                          (bounce->bytes + BOUNCE_ALIGN - 1) / BOUNCE_ALIGN *
                              BOUNCE_ALIGN)
               ? -ENOMEM
               : 0;
}

/* Read as much as the target has.  Returns the bytes read, or -errno. */
static ssize_t bounce_read(const Bounce *bounce, int fd)
{
    size_t done = 0;

    while (done < bounce->bytes) {
        ssize_t ret = pread(fd, bounce->buffer + done, bounce->bytes - done,
                            bounce->start + (off_t)done);

        if (ret < 0 && errno == EINTR) {
            continue;
        }
        if (ret < 0) {
            return -errno;
        }
        if (ret == 0) {
            break;
        }
        done += (size_t)ret;
    }
    return (ssize_t)done;
}

static int bounce_write(const Bounce *bounce, int fd, size_t bytes)
{
    size_t done = 0;

    while (done < bytes) {
        ssize_t ret = pwrite(fd, bounce->buffer + done, bytes - done,
                             bounce->start + (off_t)done);

        if (ret < 0 && errno == EINTR) {
            continue;
        }
        if (ret <= 0) {
            return ret < 0 ? -errno : -ENOSPC;
        }
        done += (size_t)ret;
    }
    return 0;
}

static int read_misaligned(Request *request, const Bounce *bounce)
{
    uint32_t left = request_bytes_left(request);
    ssize_t got = bounce_read(bounce, request_fd(request));
    size_t usable;

    if (got < 0) {
        return (int)got;
    }
    usable = (size_t)got > bounce->lead ? (size_t)got - bounce->lead : 0;
    if (usable >= left) {
        copy_to_parts(request, bounce->buffer + bounce->lead, left);
        return 0;
    }
    copy_to_parts(request, bounce->buffer + bounce->lead, usable);
    request_advance(request, (uint32_t)usable);
    return request_end_of_target(request);
}

static int write_misaligned(Request *request, const Bounce *bounce)
{
    ssize_t there = bounce_read(bounce, request_fd(request));

    if (there < 0) {
        return (int)there;
    }
    memset(bounce->buffer + there, 0, bounce->bytes - (size_t)there);
    copy_from_parts(request, bounce->buffer + bounce->lead);
    return bounce_write(bounce, request_fd(request), bounce->bytes);
}

static int transfer_misaligned(Request *request, pthread_mutex_t *read_modify)
{
    Bounce bounce;
    int ret = bounce_init(&bounce, request);

    if (ret < 0) {
        return ret;
    }
    if (request->op == REQUEST_READ) {
        ret = read_misaligned(request, &bounce);
    } else {
        pthread_mutex_lock(read_modify);
        ret = write_misaligned(request, &bounce);
        pthread_mutex_unlock(read_modify);
    }
    free(bounce.buffer);
    return ret;
}

/* ---- any ------------------------------------------------------------------------ */

static int sync_file(const Request *request)
{
    int ret = request->op == REQUEST_FSYNC ? fsync(request_fd(request))
                                           : fdatasync(request_fd(request));

    return ret < 0 ? -errno : 0;
}

/* Devices discard, files get a hole; what is read there later is not said here. */
static int trim(const Request *request)
{
    uint64_t range[2] = {request->offset, request->bytes};
    struct stat status;
    int ret;

    if (fstat(request_fd(request), &status) < 0) {
        return -errno;
    }
    do {
        ret = S_ISBLK(status.st_mode)
                  ? ioctl(request_fd(request), BLKDISCARD, range)
                  : fallocate(request_fd(request),
                              FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                              (off_t)range[0], (off_t)range[1]);
    } while (ret < 0 && errno == EINTR);
    return ret < 0 ? -errno : 0;
}

int blocking_io(Request *request, pthread_mutex_t *read_modify)
{
    bool is_misaligned = !target_takes(request->target, request);

    switch (request->op) {
    case REQUEST_FSYNC:
    case REQUEST_FDSYNC:
        return sync_file(request);
    case REQUEST_TRIM:
        return trim(request);
    case REQUEST_READ:
    case REQUEST_WRITE:
        if (!is_misaligned) {
            int ret = (int)transfer(request, &is_misaligned);

            if (!is_misaligned) {
                return ret;
            }
        }
        return transfer_misaligned(request, read_modify);
    default:
        return -EIO;
    }
}

#include "engines/uring_registered.h"

#include <errno.h>

/* The buffers in one piece of memory that is as large as can be registered. */
static size_t piece_bytes(const EngineUser *user)
{
    size_t most = URING_MAX_BUFFER_BYTES / user->buffer_stride;

    return (most ? most : 1) * user->buffer_stride;
}

static uint32_t pieces_of(const EngineUser *user)
{
    size_t piece = piece_bytes(user);

    return (uint32_t)((user->buffer_bytes + piece - 1) / piece);
}

static void list_pieces(UringRegistered *registered)
{
    for (uint32_t i = 0; i < registered->user_count; i++) {
        const EngineUser *user = &registered->users[i];
        size_t piece = piece_bytes(user);

        for (size_t at = 0; at < user->buffer_bytes; at += piece) {
            size_t left = user->buffer_bytes - at;

            registered->buffers[registered->buffer_count++] = (struct iovec){
                .iov_base = user->buffers + at,
                .iov_len = left < piece ? left : piece,
            };
        }
    }
}

static int register_buffers(UringRegistered *registered, const UringRing *ring,
                            Error *error)
{
    uint32_t count = 0;
    size_t bytes = 0;
    int ret;

    for (uint32_t i = 0; i < registered->user_count; i++) {
        count += pieces_of(&registered->users[i]);
        bytes += registered->users[i].buffer_bytes;
    }
    registered->buffers = calloc(count, sizeof(*registered->buffers));
    if (!registered->buffers) {
        return error_set(error, "malloc", ENOMEM, 0);
    }
    list_pieces(registered);
    ret = uring_ring_register(ring, URING_REGISTER_BUFFERS, registered->buffers,
                              registered->buffer_count);
    return ret < 0 ? error_set(error, "io_uring buffers", -ret, bytes) : 0;
}

static int register_files(UringRegistered *registered, const UringRing *ring,
                          Error *error)
{
    uint32_t count = registered->user_count;
    int *fds = calloc(count, sizeof(*fds));
    int ret;

    if (!fds) {
        return error_set(error, "malloc", ENOMEM, 0);
    }
    for (uint32_t i = 0; i < count; i++) {
        fds[i] = registered->users[i].fd;
    }
    ret = uring_ring_register(ring, URING_REGISTER_FILES, fds, count);
    free(fds);
    registered->files = ret == 0;
    return ret < 0 ? error_set(error, "io_uring files", -ret, count) : 0;
}

int uring_registered_init(UringRegistered *registered, const UringRing *ring,
                          const EngineConfig *config, Error *error)
{
    const IoUringOptions *options = &config->options.io_uring;
    int ret = 0;

    *registered = (UringRegistered){
        .users = config->users,
        .user_count = config->user_count,
    };
    if (options->fixedbufs && config->user_count > 0) {
        ret = register_buffers(registered, ring, error);
    }
    if (ret == 0 && options->registerfiles && config->user_count > 0) {
        ret = register_files(registered, ring, error);
    }
    if (ret < 0) {
        uring_registered_cleanup(registered);
    }
    return ret;
}

/* The kernel forgets them with the ring. */
void uring_registered_cleanup(UringRegistered *registered)
{
    free(registered->buffers);
    *registered = (UringRegistered){0};
}

int uring_registered_file(const UringRegistered *registered, int fd)
{
    for (uint32_t i = 0; registered->files && i < registered->user_count; i++) {
        if (registered->users[i].fd == fd) {
            return (int)i;
        }
    }
    return -1;
}

int uring_registered_buffer(const UringRegistered *registered,
                            const void *buffer)
{
    for (uint32_t i = 0; i < registered->buffer_count; i++) {
        const struct iovec *memory = &registered->buffers[i];

        if ((uintptr_t)buffer - (uintptr_t)memory->iov_base < memory->iov_len) {
            return (int)i;
        }
    }
    return -1;
}

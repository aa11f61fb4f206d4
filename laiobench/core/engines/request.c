#include "engines/request.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

/* Buffers that are done stay in the array, with a length of 0. */
static void advance_iov(struct iovec *iov, uint32_t niov, size_t bytes)
{
    for (uint32_t i = 0; i < niov && bytes > 0; i++) {
        size_t part = bytes < iov[i].iov_len ? bytes : iov[i].iov_len;

        iov[i].iov_base = (uint8_t *)iov[i].iov_base + part;
        iov[i].iov_len -= part;
        bytes -= part;
    }
}

void request_advance(Request *request, uint32_t bytes)
{
    request->bytes_done += bytes;
    if (request->niov > 0) {
        advance_iov(request->buffer, request->niov, bytes);
    }
}

int request_end_of_target(Request *request)
{
    if (request->op == REQUEST_WRITE) {
        return -ENOSPC;
    }
    if (request->niov > 0) {
        struct iovec *iov = request->buffer;

        for (uint32_t i = 0; i < request->niov; i++) {
            memset(iov[i].iov_base, 0, iov[i].iov_len);
        }
    } else {
        memset((uint8_t *)request->buffer + request->bytes_done, 0,
               request_bytes_left(request));
    }
    return REQUEST_EOF;
}

int done_list_init(DoneList *list, uint32_t requests)
{
    uint32_t capacity = 1;

    while (capacity < requests) {
        capacity *= 2;
    }
    *list = (DoneList){.mask = capacity - 1};
    list->requests = calloc(capacity, sizeof(*list->requests));
    return list->requests ? 0 : -1;
}

void done_list_cleanup(DoneList *list)
{
    free(list->requests);
    list->requests = NULL;
}

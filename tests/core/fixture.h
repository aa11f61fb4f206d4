/* Contexts, clocks and files for the tests of mechanisms. */
#pragma once

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loop/event_loop.h"
#include "harness.h"

static inline const Clock *test_clock(void)
{
    static Clock clock;

    if (clock.ticks_per_s == 0) {
        clock_init(&clock);
    }
    return &clock;
}

static inline AioContext *make_context_with(FdMonKind fdmon)
{
    AioContext *ctx = malloc(sizeof(*ctx));
    Error error = {0};

    CHECK(ctx);
    CHECK_EQUAL(aio_context_init(ctx, fdmon, test_clock(), &error), 0);
    return ctx;
}

static inline AioContext *make_context(void)
{
    return make_context_with(FDMON_EPOLL);
}

static inline void free_context(AioContext *ctx)
{
    aio_poll(ctx, false); /* frees what was deleted */
    aio_context_cleanup(ctx);
    free(ctx);
}

/* An open, unlinked file of @bytes; each block of 512 is full of its number. */
static inline int make_file(size_t bytes)
{
    char name[] = "./test-native-XXXXXX";
    int fd = mkstemp(name);
    uint8_t block[512];

    CHECK(fd >= 0);
    unlink(name);
    for (size_t at = 0; at < bytes; at += sizeof(block)) {
        memset(block, (int)(at / sizeof(block)), sizeof(block));
        CHECK_EQUAL(pwrite(fd, block, sizeof(block), (off_t)at), sizeof(block));
    }
    CHECK_EQUAL(fsync(fd), 0);
    return fd;
}

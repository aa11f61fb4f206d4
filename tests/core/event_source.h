/* A descriptor with its handler, and how often the handler was called. */
#pragma once

#include "fixture.h"

typedef struct Source {
    AioContext *ctx;
    EventNotifier notifier;
    int reads, writes;
    int polls;
    int depth; /* of its callback in itself */
    bool has_work;
    struct Source *other;
} Source;

static inline void open_source(Source *source, AioContext *ctx)
{
    *source = (Source){.ctx = ctx};
    CHECK_EQUAL(event_notifier_init(&source->notifier, NULL), 0);
}

static inline void read_source(void *opaque)
{
    Source *source = opaque;
    uint64_t value;

    CHECK_EQUAL(event_notifier_test_and_clear(&source->notifier, &value), 1);
    source->reads++;
}

static inline bool poll_source(void *opaque)
{
    Source *source = opaque;

    source->polls++;
    return source->has_work;
}

static inline void poll_source_ready(void *opaque)
{
    Source *source = opaque;

    source->has_work = false;
    source->reads++;
}

static const AioHandlerOps readable = {.io_read = read_source};
static const AioHandlerOps pollable = {
    .io_read = read_source,
    .io_poll = poll_source,
    .io_poll_ready = poll_source_ready,
};

static inline void watch(Source *source, const AioHandlerOps *ops)
{
    CHECK_EQUAL(aio_set_fd_handler(source->ctx, source->notifier.read_fd, ops,
                                   source, NULL),
                0);
}

static inline void close_source(Source *source)
{
    watch(source, NULL);
    event_notifier_cleanup(&source->notifier);
}

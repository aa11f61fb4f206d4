/* An engine over a fake kernel, and requests for it. */
#pragma once

#include "engines/engine.h"
#include "fixture.h"
#include "engines/target.h"

enum { BLOCK = 4096, REQUESTS = 64 };

typedef struct Bench {
    AioContext *ctx;
    Target target;
    DoneList done;
    Engine *engine;
    Request requests[REQUESTS];
    uint8_t buffers[REQUESTS][BLOCK];
    uint64_t reaped; /* by our own calls of reap() */
} Bench;

static const EngineConfig usual = {
    .max_requests = REQUESTS,
    .max_events = 6,
    .max_batch = 4,
};

static inline Bench *make_bench_of(const EngineType *type,
                                   const EngineConfig *config)
{
    Bench *bench = aligned_alloc(64, (sizeof(*bench) + 63) / 64 * 64);
    Error error = {0};

    memset(bench, 0, sizeof(*bench));
    bench->target.fd = 99;
    bench->ctx = make_context();
    CHECK_EQUAL(done_list_init(&bench->done, REQUESTS), 0);
    bench->engine = type->open(bench->ctx, &bench->done, config, &error);
    CHECK(bench->engine);
    for (int i = 0; i < REQUESTS; i++) {
        bench->requests[i] = (Request){
            .op = REQUEST_READ,
            .target = &bench->target,
            .buffer = bench->buffers[i],
            .bytes = BLOCK,
            .offset = (uint64_t)i * BLOCK,
        };
        memset(bench->buffers[i], 0xee, BLOCK);
    }
    return bench;
}

static inline void free_bench(Bench *bench)
{
    bench->engine->ops->destroy(bench->engine);
    done_list_cleanup(&bench->done);
    free_context(bench->ctx);
    free(bench);
}

static inline void submit(Bench *bench, int first, int count)
{
    for (int i = first; i < first + count; i++) {
        bench->engine->ops->submit(bench->engine, &bench->requests[i]);
    }
}

static inline uint32_t reap(Bench *bench)
{
    return bench->engine->ops->reap(bench->engine, &bench->reaped);
}

static inline Request *next_done(Bench *bench)
{
    CHECK(done_list_count(&bench->done) > 0);
    return done_list_pop(&bench->done);
}

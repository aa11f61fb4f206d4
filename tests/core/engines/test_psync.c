/* The psync engine: what a request is when its submit returns. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include "fixture.h"
#include "harness.h"
#include "engines/target.h"

enum { BLOCK = 512, BLOCKS = 64 };

typedef struct Bench {
    AioContext *ctx;
    DoneList done;
    Engine *engine;
    Target target;
    int fd;
    uint8_t *buffer;
    Request request;
} Bench;

static Bench make_bench(int flags)
{
    const EngineConfig config = {.max_requests = 4, .max_events = 4};
    TargetLimits limits = {.memory_align = BLOCK, .request_align = BLOCK};
    Bench bench = {.ctx = make_context()};
    const EngineType *type = engine_find("psync");
    Error error = {0};
    char path[64];
    int fd = make_file(BLOCK * BLOCKS);

    CHECK(type);
    CHECK_EQUAL(done_list_init(&bench.done, 4), 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    bench.fd = open(path, O_RDWR | flags);
    CHECK(bench.fd >= 0);
    close(fd);
    bench.buffer = aligned_alloc(4096, 8192);
    CHECK(bench.buffer);
    memset(bench.buffer, 0, 8192);
    aio_context_read_clock(bench.ctx);
    target_init(&bench.target, bench.fd, &limits, NULL);
    bench.engine = type->open(bench.ctx, NULL, &config, &error);
    CHECK(bench.engine);
    return bench;
}

static void free_bench(Bench *bench)
{
    bench->engine->ops->destroy(bench->engine);
    done_list_cleanup(&bench->done);
    close(bench->fd);
    free(bench->buffer);
    free_context(bench->ctx);
}

/* Submit one, and expect it on the done list: what came of it. */
static int carry_out(Bench *bench, RequestOp op, uint64_t offset,
                     uint32_t bytes)
{
    Request *request = &bench->request;

    bench->engine->done = &bench->done;
    target_attach(&bench->target, bench->ctx, bench->engine);
    *request = (Request){.target = &bench->target, .buffer = bench->buffer};
    request_set_io(request, op, offset, bytes);
    bench->engine->ops->submit(bench->engine, request);
    CHECK_EQUAL(done_list_count(&bench->done), 1);
    CHECK(done_list_pop(&bench->done) == request);
    CHECK_EQUAL(request->state, REQUEST_DONE);
    CHECK_EQUAL(bench->engine->in_flight, 0);
    CHECK_EQUAL(bench->ctx->in_flight, 0);
    CHECK(!bench->engine->ops->ready(bench->engine));
    target_detach(&bench->target);
    return request->result;
}

static void all_is_done_when_submit_returns(void)
{
    Bench bench = make_bench(O_DIRECT);
    const Counters *counters = &bench.ctx->counters;

    CHECK_EQUAL(carry_out(&bench, REQUEST_READ, 3 * BLOCK, 2 * BLOCK), 0);
    CHECK_EQUAL(bench.buffer[0], 3);
    CHECK_EQUAL(bench.buffer[2 * BLOCK - 1], 4);
    memset(bench.buffer, 0xab, BLOCK);
    CHECK_EQUAL(carry_out(&bench, REQUEST_WRITE, 0, BLOCK), 0);
    CHECK_EQUAL(carry_out(&bench, REQUEST_FSYNC, 0, 0), 0);
    CHECK_EQUAL(carry_out(&bench, REQUEST_FDSYNC, 0, 0), 0);
    CHECK_EQUAL(carry_out(&bench, REQUEST_TRIM, 8 * BLOCK, 8 * BLOCK), 0);
    CHECK_EQUAL(carry_out(&bench, REQUEST_READ, 0, BLOCK), 0);
    CHECK_EQUAL(bench.buffer[BLOCK - 1], 0xab);
    CHECK_EQUAL(carry_out(&bench, REQUEST_READ, 8 * BLOCK, BLOCK), 0);
    CHECK_EQUAL(bench.buffer[0], 0); /* a hole */
    CHECK_EQUAL(counters->submit.calls, 7);
    CHECK_EQUAL(counters->submit.requests, 7);
    CHECK_EQUAL(counters->reaped.submit, 7);
    CHECK_EQUAL(counters->other.in_flight_max, 1);
    free_bench(&bench);
}

static void its_time_is_that_of_the_call(void)
{
    Bench bench = make_bench(O_DIRECT);
    const Request *request = &bench.request;

    CHECK_EQUAL(carry_out(&bench, REQUEST_READ, 0, BLOCK), 0);
    CHECK(request->queued <= request->submitted);
    CHECK(request->submitted < request->reaped);
    CHECK_EQUAL(request->reaped, bench.ctx->now);
    free_bench(&bench);
}

static void what_fails_is_told_by_its_errno(void)
{
    Bench bench = make_bench(O_DIRECT);
    const struct rlimit limit = {.rlim_cur = BLOCK * BLOCKS,
                                 .rlim_max = BLOCK * BLOCKS};

    signal(SIGXFSZ, SIG_IGN);
    CHECK_EQUAL(setrlimit(RLIMIT_FSIZE, &limit), 0);
    CHECK_EQUAL(carry_out(&bench, REQUEST_WRITE, BLOCK * BLOCKS, BLOCK),
                -EFBIG);
    CHECK_EQUAL(carry_out(&bench, REQUEST_READ, BLOCK * BLOCKS, BLOCK),
                REQUEST_EOF);
    free_bench(&bench);
}

static void misaligned_ones_are_carried_out_all_the_same(void)
{
    Bench bench = make_bench(O_DIRECT);

    CHECK_EQUAL(carry_out(&bench, REQUEST_READ, 700, 1000), 0);
    CHECK_EQUAL(bench.buffer[0], 1);
    CHECK_EQUAL(bench.buffer[999], 3);
    free_bench(&bench);
}

static void flags_go_with_reads_and_writes_alone(void)
{
    Bench bench = make_bench(0);
    const EngineConfig config = {.options.psync.hipri = true};
    Error error = {0};

    bench.engine->ops->destroy(bench.engine);
    bench.engine = engine_find("psync")->open(bench.ctx, NULL, &config, &error);
    CHECK(bench.engine);
    carry_out(&bench, REQUEST_READ, 0, BLOCK);
    CHECK_EQUAL(bench.request.flags, REQUEST_HIPRI);
    CHECK_EQUAL(carry_out(&bench, REQUEST_FSYNC, 0, 0), 0);
    CHECK_EQUAL(bench.request.flags, 0);
    free_bench(&bench);
}

static const TestCase tests[] = {
    TEST(all_is_done_when_submit_returns),
    TEST(its_time_is_that_of_the_call),
    TEST(what_fails_is_told_by_its_errno),
    TEST(misaligned_ones_are_carried_out_all_the_same),
    TEST(flags_go_with_reads_and_writes_alone),
};

TEST_MAIN(tests)

/* The queue and the ring, over a kernel that does what the test says. */
#include <errno.h>
#include <sys/uio.h>

#include "engine.h"
#include "fake_kernel.h"
#include "fixture.h"
#include "harness.h"
#include "target.h"
#include "timer.h"

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

static Bench *make_bench(const EngineConfig *config)
{
    Bench *bench = aligned_alloc(64, (sizeof(*bench) + 63) / 64 * 64);
    Error error = {0};

    memset(bench, 0, sizeof(*bench));
    bench->ctx = make_context();
    CHECK_EQUAL(done_list_init(&bench->done, REQUESTS), 0);
    bench->engine =
        engine_linux_aio.open(bench->ctx, &bench->done, config, &error);
    CHECK(bench->engine);
    for (int i = 0; i < REQUESTS; i++) {
        bench->requests[i] = (Request){
            .op = REQUEST_READ,
            .target = &bench->target,
            .buffer = bench->buffers[i],
            .bytes = BLOCK,
            .offset = (uint64_t)i * BLOCK,
            .iocb.aio_fildes = 99,
        };
        memset(bench->buffers[i], 0xee, BLOCK);
    }
    return bench;
}

static void free_bench(Bench *bench)
{
    bench->engine->ops->destroy(bench->engine);
    done_list_cleanup(&bench->done);
    free_context(bench->ctx);
    free(bench);
}

static void submit(Bench *bench, int first, int count)
{
    for (int i = first; i < first + count; i++) {
        bench->engine->ops->submit(bench->engine, &bench->requests[i]);
    }
}

static uint32_t reap(Bench *bench)
{
    return bench->engine->ops->reap(bench->engine, &bench->reaped);
}

static Request *next_done(Bench *bench)
{
    CHECK(done_list_count(&bench->done) > 0);
    return done_list_pop(&bench->done);
}

/* ---- submitting ------------------------------------------------------------ */

static void unplugged_requests_leave_at_once(void)
{
    Bench *bench = make_bench(&usual);

    submit(bench, 0, 2);
    CHECK_EQUAL(fake_kernel.submit_calls, 2);
    CHECK_EQUAL(fake_kernel.held_count, 2);
    CHECK_EQUAL(bench->ctx->in_flight, 2);
    CHECK_EQUAL(bench->requests[0].state, REQUEST_IN_FLIGHT);
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 2);
    CHECK_EQUAL(bench->ctx->in_flight, 0);
    CHECK(next_done(bench) == &bench->requests[0]);
    CHECK_EQUAL(bench->requests[0].result, 0);
    free_bench(bench);
}

static void plugged_requests_leave_together_at_the_last_unplug(void)
{
    Bench *bench = make_bench(&usual);
    const EngineOps *ops = bench->engine->ops;

    ops->plug(bench->engine);
    ops->plug(bench->engine);
    submit(bench, 0, 3);
    ops->unplug(bench->engine);
    CHECK_EQUAL(fake_kernel.submit_calls, 0);
    ops->unplug(bench->engine);
    CHECK_EQUAL(fake_kernel.submit_calls, 1);
    CHECK_EQUAL(fake_kernel.held_count, 3);
    CHECK_EQUAL(bench->ctx->counters.submit.batch_sizes[2], 1); /* 3 or 4 */
    fake_kernel_succeed_all();
    reap(bench);
    free_bench(bench);
}

static void a_full_batch_leaves_though_plugged(void)
{
    Bench *bench = make_bench(&usual);

    bench->engine->ops->plug(bench->engine);
    submit(bench, 0, 4);
    CHECK_EQUAL(fake_kernel.submit_calls, 1);
    CHECK_EQUAL(fake_kernel.held_count, 4);
    submit(bench, 4, 2); /* in_flight + in_queue reach max_events */
    CHECK_EQUAL(fake_kernel.submit_calls, 2);
    CHECK_EQUAL(fake_kernel.held_count, 6);
    bench->engine->ops->unplug(bench->engine);
    fake_kernel_succeed_all();
    reap(bench);
    free_bench(bench);
}

static void never_more_than_max_events_are_in_flight(void)
{
    EngineConfig config = usual;
    Bench *bench;
    uint32_t finished = 0;

    config.max_batch = 0;
    bench = make_bench(&config);
    submit(bench, 0, 20);
    CHECK_EQUAL(fake_kernel.held_count, 6);
    while (finished < 20) {
        fake_kernel_succeed(0);
        finished += reap(bench); /* which submits what pends */
        CHECK(fake_kernel.held_count <= 6);
    }
    CHECK_EQUAL(fake_kernel.in_flight_max, 6);
    CHECK_EQUAL(bench->ctx->counters.other.in_flight_max, 6);
    for (int i = 0; i < 20; i++) { /* first in, first out */
        CHECK(next_done(bench) == &bench->requests[i]);
    }
    free_bench(bench);
}

static void a_partial_accept_moves_exactly_what_was_taken(void)
{
    Bench *bench = make_bench(&usual);

    fake_kernel.submit_limit = 1;
    bench->engine->ops->plug(bench->engine);
    submit(bench, 0, 3);
    bench->engine->ops->unplug(bench->engine);
    CHECK_EQUAL(fake_kernel.held_count, 3);
    CHECK_EQUAL(fake_kernel.submit_calls, 3);
    CHECK_EQUAL(bench->ctx->counters.submit.partial, 2);
    CHECK_EQUAL(bench->ctx->counters.submit.iocbs, 3);
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 3);
    free_bench(bench);
}

static void refused_with_requests_in_flight_waits_for_a_completion(void)
{
    Bench *bench = make_bench(&usual);

    submit(bench, 0, 1);
    fake_kernel.submit_failures = 1;
    fake_kernel.submit_errno = EAGAIN;
    submit(bench, 1, 2);
    CHECK_EQUAL(fake_kernel.held_count, 1);
    CHECK_EQUAL(bench->ctx->counters.submit.eagain, 1);
    CHECK_EQUAL(bench->ctx->counters.submit.eagain_idle, 0);
    fake_kernel_succeed(0);
    CHECK_EQUAL(reap(bench), 1);
    CHECK_EQUAL(fake_kernel.held_count, 2); /* the rest went with the reap */
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 2);
    free_bench(bench);
}

/* Nothing in flight would bring us back: a timer must. */
static void refused_with_nothing_in_flight_is_retried_by_a_timer(void)
{
    Bench *bench = make_bench(&usual);

    fake_kernel.submit_failures = 3;
    fake_kernel.submit_errno = EAGAIN;
    submit(bench, 0, 1);
    CHECK_EQUAL(bench->ctx->counters.submit.eagain_idle, 1);
    while (fake_kernel.held_count == 0) {
        aio_poll(bench->ctx, true); /* would sleep for ever without it */
    }
    CHECK_EQUAL(bench->ctx->counters.submit.eagain_idle, 3);
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 1);
    free_bench(bench);
}

static void an_interrupted_submit_is_tried_again(void)
{
    Bench *bench = make_bench(&usual);

    fake_kernel.submit_failures = 1;
    fake_kernel.submit_errno = EINTR;
    submit(bench, 0, 1);
    CHECK_EQUAL(fake_kernel.held_count, 1);
    CHECK_EQUAL(bench->ctx->counters.submit.eintr, 1);
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 1);
    free_bench(bench);
}

/* The rest must not be left behind when the one at the head can't go. */
static void a_bad_request_fails_alone_and_the_rest_goes_on(void)
{
    Bench *bench = make_bench(&usual);

    fake_kernel.bad_iocb_errno = EBADF;
    fake_kernel.bad_iocb_offset = 1 * BLOCK;
    bench->engine->ops->plug(bench->engine);
    submit(bench, 0, 4);
    bench->engine->ops->unplug(bench->engine);
    CHECK_EQUAL(fake_kernel.held_count, 3);
    CHECK_EQUAL(bench->ctx->counters.submit.head_failures, 1);
    CHECK_EQUAL(bench->ctx->in_flight, 3);
    CHECK(next_done(bench) == &bench->requests[1]);
    CHECK_EQUAL(bench->requests[1].result, -EBADF);
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 3);
    free_bench(bench);
}

static void an_unknown_operation_is_an_io_error(void)
{
    Bench *bench = make_bench(&usual);

    bench->requests[0].op = 77;
    submit(bench, 0, 1);
    CHECK_EQUAL(fake_kernel.submit_calls, 0);
    CHECK_EQUAL(next_done(bench)->result, -EIO);
    free_bench(bench);
}

/* Plugged, pending and not blocked: it must leave at the unplug as ever. */
static void cancelling_one_owner_s_blocks_nobody_else_s(void)
{
    Bench *bench = make_bench(&usual);
    Target other = {0};

    bench->engine->ops->plug(bench->engine);
    bench->requests[1].target = &other;
    submit(bench, 0, 2);
    bench->engine->ops->cancel_pending(bench->engine, &bench->target);
    bench->engine->ops->unplug(bench->engine);
    CHECK_EQUAL(next_done(bench)->result, -ECANCELED);
    CHECK_EQUAL(fake_kernel.held_count, 1);
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 1);
    free_bench(bench);
}

static void what_pends_can_be_cancelled_by_its_owner(void)
{
    Bench *bench = make_bench(&usual);
    Target other = {0};

    bench->requests[7].target = &other;
    submit(bench, 0, 6);
    submit(bench, 6, 3); /* no room for these */
    bench->engine->ops->cancel_pending(bench->engine, &bench->target);
    CHECK_EQUAL(next_done(bench)->result, -ECANCELED);
    CHECK_EQUAL(next_done(bench)->result, -ECANCELED);
    CHECK_EQUAL(done_list_count(&bench->done), 0);
    CHECK_EQUAL(bench->ctx->counters.submit.withdrawn, 2);
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 6);
    CHECK_EQUAL(fake_kernel.held_count, 1); /* the other owner's */
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 1);
    free_bench(bench);
}

static void reap_on_submit_takes_what_has_completed(void)
{
    EngineConfig config = usual;
    Bench *bench;

    config.reap_on_submit = true;
    bench = make_bench(&config);
    submit(bench, 0, 1);
    CHECK_EQUAL(done_list_count(&bench->done), 0);
    fake_kernel_succeed_all();
    submit(bench, 1, 1);
    CHECK(next_done(bench) == &bench->requests[0]);
    CHECK_EQUAL(bench->ctx->counters.reaped.inline_, 1);
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 1);
    free_bench(bench);
}

/* ---- completing ---------------------------------------------------------------- */

static void the_ring_wraps_and_loses_nothing(void)
{
    Bench *bench = make_bench(&usual);
    int next = 0;

    for (int round = 0; round < 50; round++) { /* 3 at a time in a ring of 8 */
        for (int i = 0; i < 3; i++) {
            submit(bench, (next + i) % REQUESTS, 1);
        }
        fake_kernel_succeed_all();
        CHECK_EQUAL(reap(bench), 3);
        for (int i = 0; i < 3; i++) {
            CHECK(next_done(bench) == &bench->requests[(next + i) % REQUESTS]);
        }
        next = (next + 3) % REQUESTS;
    }
    CHECK_EQUAL(bench->reaped, 150);
    free_bench(bench);
}

static void completions_come_in_the_device_s_order(void)
{
    Bench *bench = make_bench(&usual);

    submit(bench, 0, 3);
    fake_kernel_succeed(2);
    fake_kernel_succeed(0);
    fake_kernel_succeed(0);
    CHECK_EQUAL(reap(bench), 3);
    CHECK(next_done(bench) == &bench->requests[2]);
    CHECK(next_done(bench) == &bench->requests[0]);
    CHECK(next_done(bench) == &bench->requests[1]);
    free_bench(bench);
}

static void a_short_read_asks_for_its_tail(void)
{
    Bench *bench = make_bench(&usual);

    submit(bench, 1, 1);
    fake_kernel_complete(0, 512);
    CHECK_EQUAL(reap(bench), 0);
    CHECK_EQUAL(bench->ctx->counters.other.short_io, 1);
    CHECK_EQUAL(fake_kernel.held_count, 1);
    CHECK_EQUAL(fake_kernel.held[0]->aio_offset, BLOCK + 512);
    CHECK_EQUAL(fake_kernel.held[0]->aio_nbytes, BLOCK - 512);
    CHECK_EQUAL(fake_kernel.held[0]->aio_buf,
                (uintptr_t)bench->buffers[1] + 512);
    fake_kernel_complete(0, BLOCK - 512);
    CHECK_EQUAL(reap(bench), 1);
    CHECK(request_succeeded(next_done(bench)));
    free_bench(bench);
}

static void a_read_at_the_end_of_the_target_is_zero_filled_and_no_success(void)
{
    Bench *bench = make_bench(&usual);

    submit(bench, 0, 1);
    fake_kernel_complete(0, 1024);
    reap(bench);
    fake_kernel_complete(0, 0);
    CHECK_EQUAL(reap(bench), 1);
    CHECK_EQUAL(bench->requests[0].result, 0);
    CHECK(bench->requests[0].eof);
    CHECK(!request_succeeded(&bench->requests[0]));
    CHECK_EQUAL(bench->buffers[0][1023], 0xee); /* the device's */
    CHECK_EQUAL(bench->buffers[0][1024], 0);
    CHECK_EQUAL(bench->buffers[0][BLOCK - 1], 0);
    free_bench(bench);
}

static void a_write_that_gets_nowhere_has_no_space(void)
{
    Bench *bench = make_bench(&usual);

    bench->requests[0].op = REQUEST_WRITE;
    submit(bench, 0, 1);
    CHECK_EQUAL(fake_kernel.held[0]->aio_lio_opcode, IOCB_CMD_PWRITE);
    fake_kernel_complete(0, 512);
    reap(bench);
    fake_kernel_complete(0, 0);
    CHECK_EQUAL(reap(bench), 1);
    CHECK_EQUAL(next_done(bench)->result, -ENOSPC);
    free_bench(bench);
}

static void strict_short_io_ends_the_request_at_once(void)
{
    EngineConfig config = usual;
    Bench *bench;

    config.strict_short_io = true;
    bench = make_bench(&config);
    bench->requests[1].op = REQUEST_WRITE;
    submit(bench, 0, 2);
    fake_kernel_complete(0, 512);
    fake_kernel_complete(0, 512);
    CHECK_EQUAL(reap(bench), 2);
    CHECK(bench->requests[0].eof);
    CHECK_EQUAL(bench->buffers[0][511], 0xee);
    CHECK_EQUAL(bench->buffers[0][512], 0);
    CHECK_EQUAL(bench->requests[1].result, -ENOSPC);
    free_bench(bench);
}

static void errors_pass_and_more_than_asked_for_is_one(void)
{
    Bench *bench = make_bench(&usual);

    submit(bench, 0, 3);
    fake_kernel_complete(0, -EIO);
    fake_kernel_complete(0, -ECANCELED);
    fake_kernel_complete(0, BLOCK + 1);
    CHECK_EQUAL(reap(bench), 3);
    CHECK_EQUAL(next_done(bench)->result, -EIO);
    CHECK_EQUAL(next_done(bench)->result, -ECANCELED);
    CHECK_EQUAL(next_done(bench)->result, -EIO);
    free_bench(bench);
}

static void several_buffers_go_as_a_vector_and_a_short_one_goes_on(void)
{
    Bench *bench = make_bench(&usual);
    struct iovec iov[] = {{bench->buffers[0], 1000}, {bench->buffers[1], 3096}};
    Request *request = &bench->requests[0];

    request->buffer = iov;
    request->niov = 2;
    submit(bench, 0, 1);
    CHECK_EQUAL(fake_kernel.held[0]->aio_lio_opcode, IOCB_CMD_PREADV);
    CHECK_EQUAL(fake_kernel.held[0]->aio_nbytes, 2);
    fake_kernel_complete(0, 1500);
    CHECK_EQUAL(reap(bench), 0);
    CHECK_EQUAL(fake_kernel.held[0]->aio_offset, 1500);
    CHECK_EQUAL(iov[0].iov_len, 0);
    CHECK_EQUAL(iov[1].iov_len, 2596);
    CHECK(iov[1].iov_base == bench->buffers[1] + 500);
    fake_kernel_complete(0, 0); /* and there it ends */
    CHECK_EQUAL(reap(bench), 1);
    CHECK(next_done(bench)->eof);
    CHECK_EQUAL(bench->buffers[1][499], 0xee);
    CHECK_EQUAL(bench->buffers[1][500], 0);
    CHECK_EQUAL(bench->buffers[1][3095], 0);
    CHECK_EQUAL(bench->buffers[1][3096], 0xee);

    request = &bench->requests[2];
    request->buffer = iov;
    request->niov = 2;
    request->op = REQUEST_WRITE;
    iov[0] = (struct iovec){bench->buffers[2], BLOCK};
    iov[1].iov_len = 0;
    submit(bench, 2, 1);
    CHECK_EQUAL(fake_kernel.held[0]->aio_lio_opcode, IOCB_CMD_PWRITEV);
    fake_kernel_complete(0, BLOCK);
    CHECK_EQUAL(reap(bench), 1);
    free_bench(bench);
}

static void syncs_are_requests_like_others(void)
{
    Bench *bench = make_bench(&usual);

    bench->requests[0].op = REQUEST_FSYNC;
    bench->requests[1].op = REQUEST_FDSYNC;
    for (int i = 0; i < 2; i++) {
        bench->requests[i].bytes = 0;
        bench->requests[i].buffer = NULL;
    }
    submit(bench, 0, 2);
    CHECK_EQUAL(fake_kernel.held[0]->aio_lio_opcode, IOCB_CMD_FSYNC);
    CHECK_EQUAL(fake_kernel.held[1]->aio_lio_opcode, IOCB_CMD_FDSYNC);
    fake_kernel_complete(0, 0);
    fake_kernel_complete(0, -EIO);
    CHECK_EQUAL(reap(bench), 2);
    CHECK(request_succeeded(next_done(bench)));
    CHECK_EQUAL(next_done(bench)->result, -EIO);
    free_bench(bench);
}

static void a_foreign_ring_is_read_by_system_call(void)
{
    Bench *bench;

    fake_kernel.magic = 0xdead;
    bench = make_bench(&usual);
    CHECK(bench->engine->is_foreign);
    submit(bench, 0, 3);
    CHECK(bench->engine->ops->ready(bench->engine)); /* cannot know */
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 3);
    CHECK(fake_kernel.getevents_calls > 0);
    free_bench(bench);
}

static void each_completion_sets_the_eventfd_if_asked_to(void)
{
    EngineConfig config = usual;
    Bench *bench;
    uint64_t value;

    config.notify = true;
    bench = make_bench(&config);
    submit(bench, 0, 3);
    fake_kernel_succeed_all();
    CHECK_EQUAL(
        event_notifier_test_and_clear(bench->engine->notifier, &value), 1);
    CHECK_EQUAL(value, 3);
    CHECK_EQUAL(reap(bench), 3);
    free_bench(bench);
}

static void a_failed_setup_leaves_nothing_behind(void)
{
    AioContext *ctx = make_context();
    DoneList done;
    Error error = {0};
    EngineConfig config = usual;
    int before = open("/dev/null", O_RDONLY), after;

    close(before);
    config.notify = true;
    fake_kernel.setup_errno = EAGAIN;
    CHECK_EQUAL(done_list_init(&done, REQUESTS), 0);
    CHECK(!engine_linux_aio.open(ctx, &done, &config, &error));
    CHECK_EQUAL(error.code, EAGAIN);
    CHECK_EQUAL(error.argument, 6);
    CHECK(strcmp(error.call, "io_setup") == 0);
    after = open("/dev/null", O_RDONLY);
    CHECK_EQUAL(after, before); /* the eventfd was closed */
    close(after);
    done_list_cleanup(&done);
    free_context(ctx);
}

static const TestCase tests[] = {
    TEST(unplugged_requests_leave_at_once),
    TEST(plugged_requests_leave_together_at_the_last_unplug),
    TEST(a_full_batch_leaves_though_plugged),
    TEST(never_more_than_max_events_are_in_flight),
    TEST(a_partial_accept_moves_exactly_what_was_taken),
    TEST(refused_with_requests_in_flight_waits_for_a_completion),
    TEST(refused_with_nothing_in_flight_is_retried_by_a_timer),
    TEST(an_interrupted_submit_is_tried_again),
    TEST(a_bad_request_fails_alone_and_the_rest_goes_on),
    TEST(an_unknown_operation_is_an_io_error),
    TEST(cancelling_one_owner_s_blocks_nobody_else_s),
    TEST(what_pends_can_be_cancelled_by_its_owner),
    TEST(reap_on_submit_takes_what_has_completed),
    TEST(the_ring_wraps_and_loses_nothing),
    TEST(completions_come_in_the_device_s_order),
    TEST(a_short_read_asks_for_its_tail),
    TEST(a_read_at_the_end_of_the_target_is_zero_filled_and_no_success),
    TEST(a_write_that_gets_nowhere_has_no_space),
    TEST(strict_short_io_ends_the_request_at_once),
    TEST(errors_pass_and_more_than_asked_for_is_one),
    TEST(several_buffers_go_as_a_vector_and_a_short_one_goes_on),
    TEST(syncs_are_requests_like_others),
    TEST(a_foreign_ring_is_read_by_system_call),
    TEST(each_completion_sets_the_eventfd_if_asked_to),
    TEST(a_failed_setup_leaves_nothing_behind),
};

TEST_MAIN(tests)

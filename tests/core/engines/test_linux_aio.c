/* LinuxAioState: its ring, and how it is set up. */
#include <errno.h>

#include "failing_calls.h"
#include "harness.h"
#include "laio_bench.h"

/* ---- the ring -------------------------------------------------------------------- */

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

static void check_foreign(void)
{
    Bench *bench = make_bench(&usual);

    CHECK(bench->engine->ready_needs_syscall);
    submit(bench, 0, 3);
    CHECK(bench->engine->ops->ready(bench->engine)); /* cannot know */
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 3);
    CHECK(fake_kernel.getevents_calls > 0);
    CHECK(!bench->engine->ops->ready(bench->engine));
    free_bench(bench);
    fake_kernel_reset();
}

static void a_ring_that_differs_in_anything_is_read_by_system_call(void)
{
    fake_kernel.magic = 0xdead;
    check_foreign();
    fake_kernel.compat_features = 2;
    check_foreign();
    fake_kernel.incompat_features = 1;
    check_foreign();
    fake_kernel.header_length = 40;
    check_foreign();
}

static void the_known_ring_is_read_without_a_system_call(void)
{
    Bench *bench = make_bench(&usual);

    CHECK(!bench->engine->ready_needs_syscall);
    submit(bench, 0, 3);
    CHECK(!bench->engine->ops->ready(bench->engine));
    fake_kernel_succeed_all();
    CHECK(bench->engine->ops->ready(bench->engine));
    CHECK_EQUAL(reap(bench), 3);
    CHECK_EQUAL(fake_kernel.getevents_calls, 0);
    free_bench(bench);
}

/* The kernel takes long to read a timeout that a call with enough events never uses. */
static void a_wait_has_a_timeout_only_where_it_may_have_to_wait(void)
{
    Bench *bench = make_bench(&usual);
    const EngineOps *ops = bench->engine->ops;
    uint64_t reaped = 0;

    submit(bench, 0, 3);
    fake_kernel_succeed(0);
    ops->wait(bench->engine, 2, 1000000, &reaped);
    CHECK(fake_kernel.getevents_had_timeout);
    CHECK_EQUAL(reaped, 1);
    fake_kernel_succeed_all();
    ops->wait(bench->engine, 2, 1000000, &reaped);
    CHECK(!fake_kernel.getevents_had_timeout);
    CHECK_EQUAL(reaped, 3);
    free_bench(bench);
}

static void a_failing_io_getevents_ends_the_run_and_a_signal_does_not(void)
{
    Bench *bench;

    fake_kernel.magic = 0xdead;
    bench = make_bench(&usual);
    submit(bench, 0, 1);
    fake_kernel.getevents_errno = EINTR;
    CHECK_EQUAL(reap(bench), 0);
    CHECK_EQUAL(bench->ctx->failure.code, 0);
    fake_kernel.getevents_errno = EINVAL;
    CHECK_EQUAL(reap(bench), 0);
    CHECK_EQUAL(bench->ctx->failure.code, EINVAL);
    CHECK(strcmp(bench->ctx->failure.call, "io_getevents") == 0);
    fake_kernel.getevents_errno = 0;
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 1);
    free_bench(bench);
}

/* ---- complete when io_submit() returns ------------------------------------------- */

static void what_completes_inside_its_submit_comes_once_and_took_no_time(void)
{
    Bench *bench = make_bench(&usual);
    int next = 0;

    fake_kernel.completes_at_once = true;
    for (int round = 0; round < 20; round++) {
        submit(bench, next, 1);
        CHECK_EQUAL(bench->requests[next].state, REQUEST_IN_FLIGHT);
        CHECK_EQUAL(done_list_count(&bench->done),
                    0); /* submit reaps nothing */
        CHECK_EQUAL(reap(bench), 1);
        CHECK(next_done(bench) == &bench->requests[next]);
        CHECK_EQUAL(bench->requests[next].reaped,
                    bench->requests[next].submitted);
        CHECK_EQUAL(reap(bench), 0);
        next = (next + 1) % REQUESTS;
    }
    free_bench(bench);
}

static void what_completes_after_its_submit_took_its_time(void)
{
    Bench *bench = make_bench(&usual);

    submit(bench, 0, 1);
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 1);
    CHECK(bench->requests[0].reaped > bench->requests[0].submitted);
    free_bench(bench);
}

/* Each reap submits, each submit completes, and is reaped: yet nothing nests. */
static void inline_reaping_of_instant_completions_ends(void)
{
    EngineConfig config = usual;
    Bench *bench;

    config.reap_on_submit = true;
    bench = make_bench(&config);
    fake_kernel.completes_at_once = true;
    bench->engine->ops->plug(bench->engine);
    submit(bench, 0, 20);
    bench->engine->ops->unplug(bench->engine);
    while (done_list_count(&bench->done) < 20) {
        CHECK(reap(bench) > 0);
    }
    CHECK_EQUAL(bench->ctx->counters.reaped.inline_ + bench->reaped, 20);
    CHECK_EQUAL(bench->ctx->in_flight, 0);
    free_bench(bench);
}

/* ---- misaligned ----------------------------------------------------------------------- */

static void a_misaligned_request_goes_to_the_pool_and_never_to_the_kernel(void)
{
    Bench *bench = make_bench(&usual);
    TargetLimits limits = {.memory_align = 512, .request_align = 512};
    int fd = make_file(16384);

    target_init(&bench->target, fd, &limits, bench);
    for (int i = 0; i < 3; i++) {
        bench->requests[i].offset = 1024;
        bench->requests[i].bytes = 512;
    }
    bench->requests[0].offset += 1;
    bench->requests[1].bytes -= 1;
    bench->requests[2].buffer = bench->buffers[2] + 1;
    submit(bench, 0, 3);
    while (done_list_count(&bench->done) < 3) {
        aio_poll(bench->ctx, true); /* woken by their bottom half */
    }
    CHECK_EQUAL(fake_kernel.submit_calls, 0);
    CHECK_EQUAL(bench->ctx->counters.other.pool_fallbacks, 3);
    CHECK_EQUAL(bench->ctx->counters.reaped.pool, 3);
    CHECK_EQUAL(bench->ctx->in_flight, 0);
    for (int i = 0; i < 3; i++) {
        CHECK(request_succeeded(&bench->requests[i]));
    }
    CHECK_EQUAL(bench->buffers[0][510],
                2); /* the file's third block, from its second byte */
    CHECK_EQUAL(bench->buffers[0][511], 3);
    close(fd);
    free_bench(bench);
}

/* ---- set up ------------------------------------------------------------------------------ */

static void without_eventfds_those_who_need_one_are_told_and_others_run(void)
{
    AioContext *ctx = make_context();
    DoneList done;
    Error error = {0};
    EngineConfig config = usual;
    Bench *bench;

    config.notify = true;
    CHECK_EQUAL(done_list_init(&done, REQUESTS), 0);
    failing_calls.eventfd = (FailingCall){.failures = 1, .code = ENOSYS};
    CHECK(!engine_linux_aio.open(ctx, &done, &config, &error));
    CHECK_EQUAL(error.code, ENOSYS);
    CHECK(strcmp(error.call, "eventfd2") == 0);
    CHECK_EQUAL(fake_kernel.setup_calls, 0); /* the notifier comes first */
    done_list_cleanup(&done);
    free_context(ctx);

    failing_calls.eventfd = (FailingCall){.failures = 1, .code = ENOSYS};
    bench = make_bench(&usual); /* its context has a pipe */
    CHECK(!event_notifier_is_eventfd(&bench->ctx->notifier));
    submit(bench, 0, 1);
    CHECK(!(fake_kernel.held[0]->aio_flags & IOCB_FLAG_RESFD));
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(bench), 1);
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
    CHECK_EQUAL(event_notifier_test_and_clear(bench->engine->notifier, &value),
                1);
    CHECK_EQUAL(value, 3);
    CHECK_EQUAL(reap(bench), 3);
    free_bench(bench);
}

/* What an engine keeps in a request is of that engine: see bind(). */
static void a_request_that_comes_to_another_engine_tells_that_one(void)
{
    EngineConfig config = usual;
    Bench *first, *second = NULL;

    config.notify = true;
    first = make_bench(&config);
    for (int round = 0; round < 2; round++) {
        Bench *bench = round == 0 ? first : (second = make_bench(&config));

        first->requests[0].target = &bench->target;
        bench->target.fd = 50 + round;
        bench->engine->ops->submit(bench->engine, &first->requests[0]);
        CHECK_EQUAL(fake_kernel.held[0]->aio_fildes, 50 + round);
        CHECK_EQUAL(fake_kernel.held[0]->aio_resfd,
                    bench->engine->notifier->read_fd);
        fake_kernel_succeed_all();
        CHECK_EQUAL(reap(bench), 1);
        CHECK(request_succeeded(done_list_pop(&bench->done)));
    }
    free_bench(second);
    free_bench(first);
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
    TEST(the_ring_wraps_and_loses_nothing),
    TEST(completions_come_in_the_device_s_order),
    TEST(a_ring_that_differs_in_anything_is_read_by_system_call),
    TEST(the_known_ring_is_read_without_a_system_call),
    TEST(a_wait_has_a_timeout_only_where_it_may_have_to_wait),
    TEST(a_failing_io_getevents_ends_the_run_and_a_signal_does_not),
    TEST(what_completes_inside_its_submit_comes_once_and_took_no_time),
    TEST(what_completes_after_its_submit_took_its_time),
    TEST(inline_reaping_of_instant_completions_ends),
    TEST(a_misaligned_request_goes_to_the_pool_and_never_to_the_kernel),
    TEST(without_eventfds_those_who_need_one_are_told_and_others_run),
    TEST(each_completion_sets_the_eventfd_if_asked_to),
    TEST(a_request_that_comes_to_another_engine_tells_that_one),
    TEST(a_failed_setup_leaves_nothing_behind),
};

TEST_MAIN(tests)

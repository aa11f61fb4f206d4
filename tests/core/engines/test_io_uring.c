/* The io_uring engine: its entries, its rings, and how it is set up. */
#include <errno.h>
#include <poll.h>
#include <sys/uio.h>

#include "engine_bench.h"
#include "fake_uring.h"
#include "harness.h"

static Bench *make(const EngineConfig *config)
{
    return make_bench_of(&engine_io_uring, config);
}

/* ---- entries --------------------------------------------------------------------- */

static void entries_say_what_requests_are(void)
{
    Bench *bench = make(&usual);
    const UringSqe *held = fake_uring.held;

    bench->requests[0].flags = REQUEST_NOWAIT;
    bench->requests[1].op = REQUEST_WRITE;
    bench->requests[2].op = REQUEST_FSYNC;
    bench->requests[3].op = REQUEST_FDSYNC;
    bench->requests[4].op = REQUEST_TRIM;
    bench->requests[2].bytes = bench->requests[3].bytes = 0;
    bench->requests[2].buffer = bench->requests[3].buffer = NULL;
    submit(bench, 0, 5);
    CHECK_EQUAL(held[0].opcode, URING_OP_READ);
    CHECK_EQUAL(held[0].rw_flags, REQUEST_NOWAIT);
    CHECK_EQUAL(held[0].fd, 99);
    CHECK(held[0].address == (uintptr_t)bench->buffers[0]);
    CHECK_EQUAL(held[0].bytes, BLOCK);
    CHECK_EQUAL(held[1].opcode, URING_OP_WRITE);
    CHECK_EQUAL(held[1].offset, BLOCK);
    CHECK_EQUAL(held[2].opcode, URING_OP_FSYNC);
    CHECK_EQUAL(held[2].rw_flags, 0);
    CHECK_EQUAL(held[2].offset | held[2].bytes | held[2].address, 0);
    CHECK_EQUAL(held[3].rw_flags, URING_FSYNC_DATASYNC);
    CHECK_EQUAL(held[4].opcode, URING_OP_COMMAND);
    CHECK_EQUAL(held[4].command, URING_BLOCK_DISCARD);
    CHECK_EQUAL(held[4].address, 4 * BLOCK);
    CHECK_EQUAL(held[4].address3, BLOCK);
    fake_uring_succeed(0);
    fake_uring_succeed(0);
    for (int i = 0; i < 3; i++) {
        fake_uring_complete(0, 0);
    }
    CHECK_EQUAL(reap(bench), 5);
    for (int i = 0; i < 5; i++) {
        CHECK(request_succeeded(next_done(bench)));
    }
    free_bench(bench);
}

static void a_buffer_may_be_passed_as_a_vector(void)
{
    EngineConfig config = usual;
    const struct iovec *vector;
    Bench *bench;

    config.options.io_uring.vectored = true;
    bench = make(&config);
    submit(bench, 0, 1);
    vector = (const struct iovec *)(uintptr_t)fake_uring.held[0].address;
    CHECK_EQUAL(fake_uring.held[0].opcode, URING_OP_READV);
    CHECK_EQUAL(fake_uring.held[0].bytes, 1);
    CHECK(vector->iov_base == bench->buffers[0]);
    CHECK_EQUAL(vector->iov_len, BLOCK);
    fake_uring_complete(0, BLOCK);
    CHECK_EQUAL(reap(bench), 1);
    free_bench(bench);
}

static void what_is_registered_is_used(void)
{
    EngineConfig config = usual;
    static uint8_t buffers[4][BLOCK];
    EngineUser users[] = {
        {.fd = 50,
         .buffers = buffers[0],
         .buffer_bytes = BLOCK,
         .buffer_stride = BLOCK},
        {.fd = 99,
         .buffers = buffers[1],
         .buffer_bytes = 3 * BLOCK,
         .buffer_stride = BLOCK},
    };
    Bench *bench;

    config.options.io_uring.fixedbufs = true;
    config.options.io_uring.registerfiles = true;
    config.users = users;
    config.user_count = 2;
    bench = make(&config);
    bench->requests[0].buffer = buffers[2];
    submit(bench, 0, 2);
    CHECK_EQUAL(fake_uring.held[0].opcode, URING_OP_READ_FIXED);
    CHECK_EQUAL(fake_uring.held[0].buffer_index, 1);
    CHECK_EQUAL(fake_uring.held[0].fd, 1);
    CHECK(fake_uring.held[0].flags & URING_SQE_FIXED_FILE);
    CHECK_EQUAL(fake_uring.held[1].opcode, URING_OP_READ); /* not in there */
    fake_uring_succeed_all();
    CHECK_EQUAL(reap(bench), 2);
    free_bench(bench);
}

static void a_short_read_is_asked_for_the_rest(void)
{
    Bench *bench = make(&usual);

    submit(bench, 0, 1);
    fake_uring_complete(0, 512);
    CHECK_EQUAL(reap(bench), 0);
    CHECK_EQUAL(fake_uring.held[0].bytes, BLOCK - 512);
    CHECK_EQUAL(fake_uring.held[0].offset, 512);
    CHECK(fake_uring.held[0].address == (uintptr_t)bench->buffers[0] + 512);
    fake_uring_succeed(0);
    CHECK_EQUAL(reap(bench), 1);
    CHECK(request_succeeded(next_done(bench)));
    free_bench(bench);
}

static void a_target_that_has_no_discard_is_trimmed_by_a_thread(void)
{
    Bench *bench = make(&usual);

    bench->target.fd = make_file(4 * BLOCK);
    for (int round = 0; round < 2; round++) {
        bench->requests[0].op = REQUEST_TRIM;
        submit(bench, 0, 1);
        CHECK_EQUAL(fake_uring.held_count, round == 0); /* tried once */
        if (round == 0) {
            fake_uring_complete(0, -EOPNOTSUPP);
            CHECK_EQUAL(reap(bench), 0);
        }
        while (done_list_count(&bench->done) == 0) {
            aio_poll(bench->ctx, true);
        }
        next_done(bench);
    }
    CHECK_EQUAL(bench->ctx->counters.reaped.pool, 2);
    close(bench->target.fd);
    free_bench(bench);
}

/* ---- completing ------------------------------------------------------------------ */

static void the_rings_wrap_and_lose_nothing(void)
{
    Bench *bench = make(&usual);
    int next = 0;

    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 3; i++) {
            submit(bench, (next + i) % REQUESTS, 1);
        }
        fake_uring_succeed_all();
        CHECK_EQUAL(reap(bench), 3);
        for (int i = 0; i < 3; i++) {
            CHECK(next_done(bench) == &bench->requests[(next + i) % REQUESTS]);
        }
        next = (next + 3) % REQUESTS;
    }
    CHECK_EQUAL(bench->reaped, 150);
    free_bench(bench);
}

static void who_only_looks_makes_no_call(void)
{
    EngineConfig config = usual;
    Bench *bench;

    config.looks = true;
    bench = make(&config);
    CHECK(!(fake_uring.flags &
            (URING_SETUP_DEFER_TASKRUN | URING_SETUP_COOP_TASKRUN)));
    submit(bench, 0, 3);
    CHECK(!bench->engine->ops->ready(bench->engine));
    fake_uring_succeed_all();
    CHECK(bench->engine->ops->ready(bench->engine));
    CHECK_EQUAL(reap(bench), 3);
    CHECK_EQUAL(fake_uring.getevents_calls, 0);
    free_bench(bench);
}

static void check_kept(bool *how)
{
    Bench *bench = make(&usual);

    *how = true;
    submit(bench, 0, 3);
    fake_uring_succeed_all();
    CHECK(bench->engine->ops->ready(bench->engine));
    CHECK_EQUAL(reap(bench), 3);
    CHECK_EQUAL(fake_uring.getevents_calls, 1);
    CHECK_EQUAL(bench->ctx->counters.other.waits, 1);
    CHECK(!bench->engine->ops->ready(bench->engine));
    free_bench(bench);
    fake_uring_reset();
}

static void what_the_kernel_keeps_back_is_asked_for(void)
{
    check_kept(&fake_uring.defers);
    check_kept(&fake_uring.overflows);
}

static void a_wait_takes_no_more_than_it_may(void)
{
    EngineConfig config = usual;
    uint64_t reaped = 0;
    Bench *bench;

    config.max_events_per_call = 2;
    bench = make(&config);
    submit(bench, 0, 5);
    fake_uring_succeed_all();
    bench->engine->ops->wait(bench->engine, 1, 1000000, &reaped);
    CHECK_EQUAL(reaped, 2);
    CHECK_EQUAL(fake_uring.getevents_calls, 0); /* they were there */
    bench->engine->ops->wait(bench->engine, 1, 1000000, &reaped);
    bench->engine->ops->wait(bench->engine, 1, 1000000, &reaped);
    CHECK_EQUAL(reaped, 5);
    free_bench(bench);
}

/* ---- set up ---------------------------------------------------------------------- */

static void an_older_kernel_gets_fewer_flags_and_it_is_told(void)
{
    Bench *bench;

    fake_uring.unknown_flags = URING_SETUP_NO_SQARRAY |
                               URING_SETUP_DEFER_TASKRUN;
    bench = make(&usual);
    CHECK_EQUAL(fake_uring.setup_calls, 3);
    CHECK(strstr(bench->engine->set_up.flags, "SINGLE_ISSUER"));
    CHECK(!strstr(bench->engine->set_up.flags, "DEFER_TASKRUN"));
    CHECK(strstr(bench->engine->set_up.refused, "DEFER_TASKRUN"));
    submit(bench, 0, 2);
    fake_uring_succeed_all();
    CHECK_EQUAL(reap(bench), 2);
    free_bench(bench);
}

static void check_failure(const EngineConfig *config, const char *call,
                          int code)
{
    AioContext *ctx = make_context();
    DoneList done;
    Error error = {0};
    int before = open("/dev/null", O_RDONLY), after;

    close(before);
    CHECK_EQUAL(done_list_init(&done, REQUESTS), 0);
    CHECK(!engine_io_uring.open(ctx, &done, config, &error));
    CHECK_EQUAL(error.code, code);
    CHECK(strcmp(error.call, call) == 0);
    after = open("/dev/null", O_RDONLY);
    CHECK_EQUAL(after, before); /* all was closed */
    close(after);
    done_list_cleanup(&done);
    free_context(ctx);
    fake_uring_reset();
}

static void a_failed_setup_leaves_nothing_behind_and_says_why(void)
{
    static uint8_t buffer[BLOCK];
    EngineUser user = {
        .fd = 99,
        .buffers = buffer,
        .buffer_bytes = BLOCK,
        .buffer_stride = BLOCK,
    };
    EngineConfig config = usual;

    fake_uring.setup_errno = EPERM;
    check_failure(&config, "io_uring_setup", EPERM);
    fake_uring.unknown_flags = UINT32_MAX;
    check_failure(&config, "io_uring_setup", EINVAL);
    fake_uring.missing_features = URING_FEATURE_EXT_ARG;
    check_failure(&config, "io_uring features", ENOSYS);
    config.users = &user;
    config.user_count = 1;
    config.options.io_uring.fixedbufs = true;
    fake_uring.register_errno = ENOMEM;
    check_failure(&config, "io_uring buffers", ENOMEM);
    config.options.io_uring.fixedbufs = false;
    config.options.io_uring.registerfiles = true;
    fake_uring.register_errno = EMFILE;
    check_failure(&config, "io_uring files", EMFILE);
}

static void its_eventfd_is_set_by_completions(void)
{
    EngineConfig config = usual;
    struct pollfd readable = {.events = POLLIN};
    Bench *bench;

    config.notify = true;
    bench = make(&config);
    CHECK(!(fake_uring.flags & URING_SETUP_DEFER_TASKRUN));
    readable.fd = bench->engine->notifier->read_fd;
    submit(bench, 0, 2);
    CHECK_EQUAL(poll(&readable, 1, 0), 0);
    fake_uring_succeed_all();
    CHECK_EQUAL(poll(&readable, 1, 0), 1);
    CHECK_EQUAL(reap(bench), 2);
    free_bench(bench);
}

static const TestCase tests[] = {
    TEST(entries_say_what_requests_are),
    TEST(a_buffer_may_be_passed_as_a_vector),
    TEST(what_is_registered_is_used),
    TEST(a_short_read_is_asked_for_the_rest),
    TEST(a_target_that_has_no_discard_is_trimmed_by_a_thread),
    TEST(the_rings_wrap_and_lose_nothing),
    TEST(who_only_looks_makes_no_call),
    TEST(what_the_kernel_keeps_back_is_asked_for),
    TEST(a_wait_takes_no_more_than_it_may),
    TEST(an_older_kernel_gets_fewer_flags_and_it_is_told),
    TEST(a_failed_setup_leaves_nothing_behind_and_says_why),
    TEST(its_eventfd_is_set_by_completions),
};

TEST_MAIN(tests)

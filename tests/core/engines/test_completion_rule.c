/* The completion rule: what whole, short, empty and failed transfers come to. */
#include <errno.h>
#include <sys/uio.h>

#include "harness.h"
#include "laio_bench.h"

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
    CHECK_EQUAL(bench->requests[0].result, REQUEST_EOF);
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
    CHECK_EQUAL(bench->requests[0].result, REQUEST_EOF);
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
    CHECK_EQUAL(next_done(bench)->result, REQUEST_EOF);
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

static const TestCase tests[] = {
    TEST(a_short_read_asks_for_its_tail),
    TEST(a_read_at_the_end_of_the_target_is_zero_filled_and_no_success),
    TEST(a_write_that_gets_nowhere_has_no_space),
    TEST(strict_short_io_ends_the_request_at_once),
    TEST(errors_pass_and_more_than_asked_for_is_one),
    TEST(several_buffers_go_as_a_vector_and_a_short_one_goes_on),
    TEST(syncs_are_requests_like_others),
};

TEST_MAIN(tests)

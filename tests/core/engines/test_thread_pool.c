/* The thread pool, and I/O of any alignment on its threads. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/uio.h>

#include "fixture.h"
#include "harness.h"
#include "engines/thread_pool.h"

enum { BLOCK = 512, BLOCKS = 64, REQUESTS = 200 };

typedef struct Bench {
    ThreadPool *pool;
    Target target;
    int fd;
    uint32_t told; /* atomic */
    PoolUsage usage;
    Request requests[REQUESTS];
    uint8_t blocks[REQUESTS][BLOCK] __attribute__((aligned(BLOCK)));
} Bench;

static void count_told(void *opaque)
{
    __atomic_fetch_add((uint32_t *)opaque, 1, __ATOMIC_RELAXED);
}

/* A file of 64 blocks, each full of its number, open for direct I/O. */
static Bench *make_bench(int64_t idle_ns)
{
    Bench *bench =
        aligned_alloc(BLOCK, (sizeof(*bench) + BLOCK - 1) / BLOCK * BLOCK);
    TargetLimits limits = {.memory_align = BLOCK, .request_align = BLOCK};
    char path[64];
    int fd = make_file(BLOCK * BLOCKS);

    memset(bench, 0, sizeof(*bench));
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    bench->fd = open(path, O_RDWR | O_DIRECT);
    CHECK(bench->fd >= 0);
    close(fd);
    target_init(&bench->target, bench->fd, &limits, bench);
    bench->pool = thread_pool_new(REQUESTS, idle_ns, &bench->usage, count_told,
                                  &bench->told, NULL);
    CHECK(bench->pool);
    return bench;
}

static void free_bench(Bench *bench)
{
    thread_pool_free(bench->pool);
    close(bench->fd);
    free(bench);
}

static Request *prepare(Bench *bench, int index, RequestOp op, void *buffer,
                        uint64_t offset, uint32_t bytes)
{
    Request *request = &bench->requests[index];

    *request = (Request){
        .target = &bench->target,
        .op = op,
        .buffer = buffer,
        .offset = offset,
        .bytes = bytes,
    };
    return request;
}

/* Carry out one request, and return it. */
static Request *carry_out(Bench *bench, RequestOp op, void *buffer,
                          uint64_t offset, uint32_t bytes)
{
    Request *request = prepare(bench, 0, op, buffer, offset, bytes);

    CHECK_EQUAL(thread_pool_submit(bench->pool, request), 0);
    thread_pool_wait(bench->pool, 1, -1);
    CHECK_EQUAL(thread_pool_finished(bench->pool), 1);
    CHECK(thread_pool_take(bench->pool) == request);
    CHECK(!thread_pool_take(bench->pool));
    return request;
}

static uint8_t byte_at(uint64_t offset)
{
    return (uint8_t)(offset / BLOCK);
}

static uint8_t *make_buffer(size_t bytes, size_t lead)
{
    uint8_t *buffer = aligned_alloc(4096, 65536);

    CHECK(bytes + lead < 65536);
    memset(buffer, 0xee, 65536);
    return buffer + lead;
}

/* ---- alignment ---------------------------------------------------------------- */

static void check_read(Bench *bench, uint64_t offset, uint32_t bytes,
                       size_t lead)
{
    uint8_t *buffer = make_buffer(bytes, lead);
    Request *request = carry_out(bench, REQUEST_READ, buffer, offset, bytes);

    CHECK_EQUAL(request->result, 0);
    for (uint32_t i = 0; i < bytes; i++) {
        CHECK_EQUAL(buffer[i], byte_at(offset + i));
    }
    CHECK_EQUAL(buffer[bytes], 0xee); /* and not a byte more */
    free(buffer - lead);
}

static void reads_of_any_alignment_are_right(void)
{
    Bench *bench = make_bench(THREAD_POOL_IDLE_NS);

    check_read(bench, 0, 4096, 0);
    check_read(bench, 0, 4096, 1);   /* the buffer */
    check_read(bench, 100, 4096, 0); /* the offset */
    check_read(bench, 512, 700, 0);  /* the length */
    check_read(bench, 1000, 1, 3);
    check_read(bench, 511, 514, 7);
    free_bench(bench);
}

static void check_write(Bench *bench, uint64_t offset, uint32_t bytes,
                        size_t lead)
{
    uint8_t *buffer = make_buffer(bytes, lead), *around = make_buffer(32768, 0);

    memset(buffer, 0xab, bytes);
    CHECK_EQUAL(carry_out(bench, REQUEST_WRITE, buffer, offset, bytes)->result,
                0);
    CHECK_EQUAL(
        carry_out(bench, REQUEST_READ, around, 0, BLOCK * BLOCKS / 2)->result,
        0);
    for (uint64_t at = 0; at < BLOCK * BLOCKS / 2; at++) {
        bool written = at >= offset && at < offset + bytes;

        CHECK_EQUAL(around[at], written ? 0xab : byte_at(at));
    }
    free(buffer - lead);
    free(around);
}

static void writes_of_any_alignment_change_what_they_should_and_no_more(void)
{
    static const struct {
        uint64_t offset;
        uint32_t bytes;
        size_t lead;
    } cases[] = {{0, 4096, 0},  {0, 4096, 5}, {100, 4096, 0},
                 {512, 700, 0}, {1000, 1, 3}, {511, 514, 7}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        Bench *bench = make_bench(THREAD_POOL_IDLE_NS);

        check_write(bench, cases[i].offset, cases[i].bytes, cases[i].lead);
        free_bench(bench);
    }
}

static void several_buffers_make_one_request(void)
{
    Bench *bench = make_bench(THREAD_POOL_IDLE_NS);
    uint8_t *a = make_buffer(512, 0), *b = make_buffer(100, 1);
    struct iovec iov[] = {{a, 512}, {b, 100}};
    Request *request = prepare(bench, 0, REQUEST_READ, iov, 1024, 612);

    request->niov = 2;
    CHECK_EQUAL(thread_pool_submit(bench->pool, request), 0);
    thread_pool_wait(bench->pool, 1, -1);
    thread_pool_take(bench->pool);
    CHECK_EQUAL(request->result, 0);
    CHECK_EQUAL(a[0], 2);
    CHECK_EQUAL(a[511], 2);
    CHECK_EQUAL(b[0], 3);
    CHECK_EQUAL(b[99], 3);
    CHECK_EQUAL(b[100], 0xee);
    free(a);
    free(b - 1);
    free_bench(bench);
}

static void a_read_beyond_the_end_is_zero_filled(void)
{
    Bench *bench = make_bench(THREAD_POOL_IDLE_NS);
    uint64_t size = BLOCK * BLOCKS;
    uint8_t *buffer = make_buffer(4096, 3);
    Request *request =
        carry_out(bench, REQUEST_READ, buffer, size - 1000, 3000);

    CHECK_EQUAL(request->result, REQUEST_EOF);
    CHECK_EQUAL(buffer[999], byte_at(size - 1));
    CHECK_EQUAL(buffer[1000], 0);
    CHECK_EQUAL(buffer[2999], 0);
    CHECK_EQUAL(buffer[3000], 0xee);
    free(buffer - 3);
    free_bench(bench);
}

static void syncs_and_errors_come_back(void)
{
    Bench *bench = make_bench(THREAD_POOL_IDLE_NS);
    uint8_t *buffer = make_buffer(512, 0);
    Request *request;

    CHECK_EQUAL(carry_out(bench, REQUEST_FSYNC, NULL, 0, 0)->result, 0);
    CHECK_EQUAL(carry_out(bench, REQUEST_FDSYNC, NULL, 0, 0)->result, 0);
    CHECK_EQUAL(carry_out(bench, 77, NULL, 0, 0)->result, -EIO);
    request = prepare(bench, 0, REQUEST_READ, buffer, 0, 512);
    bench->target.fd = 9999;
    CHECK_EQUAL(thread_pool_submit(bench->pool, request), 0);
    thread_pool_wait(bench->pool, 1, -1);
    CHECK_EQUAL(thread_pool_take(bench->pool)->result, -EBADF);
    free(buffer);
    free_bench(bench);
}

/* ---- threads --------------------------------------------------------------------- */

static void many_requests_are_served_by_at_most_64_threads(void)
{
    Bench *bench = make_bench(THREAD_POOL_IDLE_NS);

    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < REQUESTS; i++) {
            Request *request = prepare(bench, i, REQUEST_READ, bench->blocks[i],
                                       (uint64_t)(i % BLOCKS) * BLOCK, BLOCK);
            CHECK_EQUAL(thread_pool_submit(bench->pool, request), 0);
        }
        thread_pool_wait(bench->pool, REQUESTS, -1);
        for (int i = 0; i < REQUESTS; i++) {
            CHECK_EQUAL(thread_pool_take(bench->pool)->result, 0);
        }
    }
    CHECK(thread_pool_threads(bench->pool) > 0);
    CHECK(thread_pool_threads(bench->pool) <= THREAD_POOL_MAX_THREADS);
    CHECK(__atomic_load_n(&bench->told, __ATOMIC_RELAXED) > 0);
    CHECK(counter_read(&bench->usage.user_ns) +
              counter_read(&bench->usage.system_ns) >
          0);
    free_bench(bench);
}

static void idle_threads_leave_and_others_come(void)
{
    Bench *bench = make_bench(1000000); /* 1 ms */
    uint8_t *buffer = make_buffer(512, 0);

    for (int round = 0; round < 3; round++) {
        carry_out(bench, REQUEST_READ, buffer, 0, BLOCK);
        while (thread_pool_threads(bench->pool) > 0) {
            usleep(1000);
        }
    }
    free(buffer);
    free_bench(bench);
}

static void only_what_no_thread_has_begun_can_be_cancelled(void)
{
    Bench *bench = make_bench(THREAD_POOL_IDLE_NS);
    Target other = bench->target;
    int cancelled = 0, done = 0, queued;

    for (int i = 0; i < REQUESTS; i++) {
        Request *request =
            prepare(bench, i, REQUEST_READ, bench->blocks[i], 0, BLOCK);

        request->target = i % 2 ? &bench->target : &other;
        CHECK_EQUAL(thread_pool_submit(bench->pool, request), 0);
    }
    queued = (int)thread_pool_cancel(bench->pool, &bench->target);
    thread_pool_wait(bench->pool, REQUESTS, -1);
    for (int i = 0; i < REQUESTS; i++) {
        Request *request = thread_pool_take(bench->pool);

        CHECK(request);
        if (request->result == -ECANCELED) {
            CHECK(request->target == &bench->target);
            cancelled++;
        } else {
            CHECK_EQUAL(request->result, 0);
            done++;
        }
    }
    CHECK_EQUAL(cancelled, queued);
    CHECK_EQUAL(done + cancelled, REQUESTS);
    free_bench(bench);
}

static void freeing_waits_for_what_is_being_carried_out(void)
{
    for (int i = 0; i < 50; i++) {
        Bench *bench = make_bench(THREAD_POOL_IDLE_NS);

        for (int n = 0; n < 20; n++) {
            thread_pool_submit(bench->pool,
                               prepare(bench, n, REQUEST_READ, bench->blocks[n],
                                       0, BLOCK));
        }
        free_bench(bench);
    }
}

static void waiting_ends_with_its_timeout(void)
{
    Bench *bench = make_bench(THREAD_POOL_IDLE_NS);

    thread_pool_wait(bench->pool, 1, 1000000);
    CHECK_EQUAL(thread_pool_finished(bench->pool), 0);
    free_bench(bench);
}

static const TestCase tests[] = {
    TEST(reads_of_any_alignment_are_right),
    TEST(writes_of_any_alignment_change_what_they_should_and_no_more),
    TEST(several_buffers_make_one_request),
    TEST(a_read_beyond_the_end_is_zero_filled),
    TEST(syncs_and_errors_come_back),
    TEST(many_requests_are_served_by_at_most_64_threads),
    TEST(idle_threads_leave_and_others_come),
    TEST(only_what_no_thread_has_begun_can_be_cancelled),
    TEST(freeing_waits_for_what_is_being_carried_out),
    TEST(waiting_ends_with_its_timeout),
};

TEST_MAIN(tests)

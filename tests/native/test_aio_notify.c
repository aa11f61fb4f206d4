/* The notify protocol: whoever publishes is heard, and writes only if somebody sleeps. */
#include "fixture.h"
#include "harness.h"

static void *notify_later(void *opaque)
{
    usleep(20000);
    aio_notify(opaque);
    return NULL;
}

static void notify_ends_a_sleep_and_is_no_progress(void)
{
    AioContext *ctx = make_context();
    pthread_t thread;

    while (aio_poll(ctx, false)) {
    }
    CHECK_EQUAL(pthread_create(&thread, NULL, notify_later, ctx), 0);
    CHECK(!aio_poll(ctx, true));
    CHECK_EQUAL(ctx->counters.notify.writes, 1);
    pthread_join(thread, NULL);
    free_context(ctx);
}

static void nobody_sleeps_so_nobody_is_written_to(void)
{
    AioContext *ctx = make_context();
    uint64_t suppressed = ctx->counters.notify.suppressed;

    aio_notify(ctx);
    CHECK_EQUAL(ctx->counters.notify.writes, 0);
    CHECK_EQUAL(ctx->counters.notify.suppressed, suppressed + 1);
    CHECK(!aio_poll(ctx, true)); /* and yet it is heard: this returns */
    free_context(ctx);
}

static const TestCase tests[] = {
    TEST(notify_ends_a_sleep_and_is_no_progress),
    TEST(nobody_sleeps_so_nobody_is_written_to),
};

TEST_MAIN(tests)

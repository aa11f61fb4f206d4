/* EventNotifier: an eventfd, or a pipe where the kernel has none. */
#define _GNU_SOURCE
#include <errno.h>

#include "failing_calls.h"
#include "fixture.h"
#include "harness.h"

static EventNotifier make_eventfd(void)
{
    EventNotifier notifier;

    CHECK_EQUAL(event_notifier_init(&notifier, NULL), 0);
    CHECK(event_notifier_is_eventfd(&notifier));
    return notifier;
}

static EventNotifier make_pipe(void)
{
    EventNotifier notifier;

    failing_calls.eventfd = (FailingCall){.failures = 1, .code = ENOSYS};
    CHECK_EQUAL(event_notifier_init(&notifier, NULL), 0);
    CHECK(!event_notifier_is_eventfd(&notifier));
    return notifier;
}

static void check_flags(int fd)
{
    CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
    CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

/* ---- made --------------------------------------------------------------------- */

static void an_eventfd_never_blocks_and_is_closed_on_exec(void)
{
    EventNotifier notifier = make_eventfd();

    check_flags(notifier.read_fd);
    event_notifier_cleanup(&notifier);
}

static void without_eventfds_both_ends_of_a_pipe_are_so_too(void)
{
    EventNotifier notifier = make_pipe();

    check_flags(notifier.read_fd);
    check_flags(notifier.write_fd);
    event_notifier_cleanup(&notifier);
}

static void any_other_error_is_returned_and_no_pipe_made(void)
{
    EventNotifier notifier;
    Error error = {0};

    failing_calls.eventfd = (FailingCall){.failures = 1, .code = EMFILE};
    CHECK_EQUAL(event_notifier_init(&notifier, &error), -EMFILE);
    CHECK(strcmp(error.call, "eventfd2") == 0);
    CHECK_EQUAL(failing_calls.pipe2.calls, 0);
}

static void a_pipe_that_cannot_be_had_either_is_told(void)
{
    EventNotifier notifier;
    Error error = {0};

    failing_calls.eventfd = (FailingCall){.failures = 1, .code = ENOSYS};
    failing_calls.pipe2 = (FailingCall){.failures = 1, .code = ENFILE};
    CHECK_EQUAL(event_notifier_init(&notifier, &error), -ENFILE);
    CHECK(strcmp(error.call, "pipe2") == 0);
}

static void cleaning_up_closes_both_ends(void)
{
    EventNotifier notifier = make_pipe();
    int read_fd = notifier.read_fd, write_fd = notifier.write_fd;

    event_notifier_cleanup(&notifier);
    CHECK_EQUAL(fcntl(read_fd, F_GETFD), -1);
    CHECK_EQUAL(fcntl(write_fd, F_GETFD), -1);
    event_notifier_cleanup(&notifier); /* twice does no harm */
}

/* ---- set ------------------------------------------------------------------------ */

static void setting_a_full_eventfd_succeeds(void)
{
    EventNotifier notifier = make_eventfd();
    uint64_t value;

    CHECK_EQUAL(event_notifier_add(&notifier, UINT64_MAX - 1), 0);
    CHECK_EQUAL(event_notifier_set(&notifier), 0);
    CHECK_EQUAL(event_notifier_test_and_clear(&notifier, &value), 1);
    CHECK(value == UINT64_MAX - 1);
    event_notifier_cleanup(&notifier);
}

static void setting_a_full_pipe_succeeds(void)
{
    EventNotifier notifier = make_pipe();
    uint64_t value;
    int room = fcntl(notifier.read_fd, F_GETPIPE_SZ) / (int)sizeof(uint64_t);

    for (int i = 0; i < room + 10; i++) {
        CHECK_EQUAL(event_notifier_set(&notifier), 0);
    }
    CHECK_EQUAL(event_notifier_test_and_clear(&notifier, &value), 1);
    CHECK_EQUAL(value, room); /* and the read was pending all the time */
    event_notifier_cleanup(&notifier);
}

static void an_interrupted_write_is_tried_again(void)
{
    EventNotifier notifier = make_eventfd();
    uint64_t value;

    failing_calls.write = (FailingCall){.failures = 2, .code = EINTR};
    CHECK_EQUAL(event_notifier_set(&notifier), 0);
    CHECK_EQUAL(failing_calls.write.calls, 3);
    CHECK_EQUAL(event_notifier_test_and_clear(&notifier, &value), 1);
    event_notifier_cleanup(&notifier);
}

static void a_write_that_fails_is_told(void)
{
    EventNotifier notifier = make_eventfd();

    failing_calls.write = (FailingCall){.failures = 1, .code = EIO};
    CHECK_EQUAL(event_notifier_set(&notifier), -EIO);
    event_notifier_cleanup(&notifier);
}

/* ---- test and clear -------------------------------------------------------------- */

static void check_all_is_cleared(EventNotifier notifier, int sets)
{
    uint64_t value = 77;

    for (int i = 0; i < sets; i++) {
        CHECK_EQUAL(event_notifier_set(&notifier), 0);
    }
    CHECK_EQUAL(event_notifier_test_and_clear(&notifier, &value), sets > 0);
    CHECK_EQUAL(value, sets);
    CHECK_EQUAL(event_notifier_test_and_clear(&notifier, &value), 0);
    CHECK_EQUAL(value, 0);
    event_notifier_cleanup(&notifier);
}

static void clearing_an_eventfd_takes_all_there_is(void)
{
    check_all_is_cleared(make_eventfd(), 0);
    check_all_is_cleared(make_eventfd(), 1);
    check_all_is_cleared(make_eventfd(), 1000);
}

/* More than one read holds, and as much as fills reads to the last byte. */
static void clearing_a_pipe_takes_all_there_is(void)
{
    static const int sets[] = {0, 1, 63, 64, 65, 128, 1000};

    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
        check_all_is_cleared(make_pipe(), sets[i]);
    }
}

static void check_interrupted_read(EventNotifier notifier)
{
    uint64_t value;

    event_notifier_set(&notifier);
    failing_calls.read = (FailingCall){.failures = 2, .code = EINTR};
    CHECK_EQUAL(event_notifier_test_and_clear(&notifier, &value), 1);
    CHECK_EQUAL(value, 1);
    event_notifier_cleanup(&notifier);
}

static void an_interrupted_read_is_tried_again(void)
{
    check_interrupted_read(make_eventfd());
    check_interrupted_read(make_pipe());
}

static void a_read_that_fails_is_told(void)
{
    EventNotifier notifier = make_eventfd();
    uint64_t value;

    failing_calls.read = (FailingCall){.failures = 1, .code = EIO};
    CHECK_EQUAL(event_notifier_test_and_clear(&notifier, &value), -EIO);
    event_notifier_cleanup(&notifier);
}

/* ---- the context's own ------------------------------------------------------------- */

static void *notify_later(void *opaque)
{
    usleep(20000);
    aio_notify(opaque);
    return NULL;
}

static void a_pipe_wakes_a_context(void)
{
    AioContext *ctx;
    pthread_t thread;

    failing_calls.eventfd = (FailingCall){.failures = 1, .code = ENOSYS};
    ctx = make_context();
    CHECK(!event_notifier_is_eventfd(&ctx->notifier));
    aio_poll(ctx, false);
    CHECK_EQUAL(pthread_create(&thread, NULL, notify_later, ctx), 0);
    aio_poll(ctx, true); /* would sleep for ever */
    pthread_join(thread, NULL);
    CHECK_EQUAL(ctx->counters.notify.writes, 1);
    CHECK_EQUAL(ctx->failure.code, 0);
    free_context(ctx);
}

static const TestCase tests[] = {
    TEST(an_eventfd_never_blocks_and_is_closed_on_exec),
    TEST(without_eventfds_both_ends_of_a_pipe_are_so_too),
    TEST(any_other_error_is_returned_and_no_pipe_made),
    TEST(a_pipe_that_cannot_be_had_either_is_told),
    TEST(cleaning_up_closes_both_ends),
    TEST(setting_a_full_eventfd_succeeds),
    TEST(setting_a_full_pipe_succeeds),
    TEST(an_interrupted_write_is_tried_again),
    TEST(a_write_that_fails_is_told),
    TEST(clearing_an_eventfd_takes_all_there_is),
    TEST(clearing_a_pipe_takes_all_there_is),
    TEST(an_interrupted_read_is_tried_again),
    TEST(a_read_that_fails_is_told),
    TEST(a_pipe_wakes_a_context),
};

TEST_MAIN(tests)

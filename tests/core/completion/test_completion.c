/*
 * How each completion mode notices completions, alone and in nested loops.  The
 * fake kernel decides what completes, and when.
 *
 * Longer than 400 lines, since nested loops use the bench of the single modes.
 */
#include <errno.h>

#include "completion/completion.h"
#include "failing_calls.h"
#include "harness.h"
#include "laio_bench.h"

static const CompletionMode *const modes[] = {
    &completion_poll,     &completion_eventfd,   &completion_bh,
    &completion_adaptive, &completion_getevents,
};

enum { MODES = sizeof(modes) / sizeof(modes[0]) };

typedef struct Fixture {
    Bench *bench;
    AioContext *ctx;
    Counters *counters;
    Completion completion;
} Fixture;

static void attach_mode(Fixture *fixture, const CompletionMode *mode)
{
    EngineConfig config = usual;

    config.notify = mode->needs_eventfd;
    fixture->bench = make_bench(&config);
    fixture->ctx = fixture->bench->ctx;
    fixture->counters = &fixture->ctx->counters;
    CHECK_EQUAL(completion_attach(&fixture->completion, mode, 1,
                                  fixture->bench->engine, NULL),
                0);
    aio_poll(fixture->ctx, false); /* takes the notification of that */
    fixture->ctx->counters = (Counters){0};
}

static void detach_mode(Fixture *fixture)
{
    completion_detach(&fixture->completion);
    free_bench(fixture->bench);
}

/* Three are in the ring, and nobody has looked. */
static void complete_three(Fixture *fixture)
{
    uint32_t done = done_list_count(&fixture->bench->done);

    submit(fixture->bench, 0, 3);
    fake_kernel_succeed_all();
    CHECK_EQUAL(done_list_count(&fixture->bench->done), done);
}

/* ---- each mode by itself ------------------------------------------------------------ */

static void poll_finds_them_without_descriptors_or_sleep(void)
{
    Fixture fixture;

    attach_mode(&fixture, &completion_poll);
    complete_three(&fixture);
    CHECK(aio_poll(fixture.ctx, true));
    CHECK_EQUAL(done_list_count(&fixture.bench->done), 3);
    CHECK_EQUAL(fixture.counters->reaped.poll, 3);
    CHECK(!fixture.bench->engine->notifier);
    CHECK_EQUAL(fixture.counters->eventfd.reads, 0);
    CHECK_EQUAL(fixture.counters->loop.epoll_wait +
                    fixture.counters->loop.ppoll,
                0);
    CHECK_EQUAL(fixture.counters->notify.writes, 0);
    detach_mode(&fixture);
}

typedef struct Later {
    AioContext *ctx;
    int looks;
} Later;

static bool complete_at_the_hundredth_look(void *opaque)
{
    Later *later = opaque;

    if (++later->looks == 100) {
        fake_kernel_succeed_all();
    }
    return false;
}

/* There is nothing to wake it, so it must not even begin to sleep. */
static void poll_never_sleeps_while_requests_are_in_flight(void)
{
    static const AioHandlerOps ops = {
        .io_poll = complete_at_the_hundredth_look};
    Later later = {0};
    Fixture fixture;

    attach_mode(&fixture, &completion_poll);
    CHECK_EQUAL(aio_set_poll_handler(fixture.ctx, &ops, &later, NULL), 0);
    aio_poll(fixture.ctx, false);
    submit(fixture.bench, 0, 2);
    CHECK(aio_poll(fixture.ctx, true));
    CHECK_EQUAL(fixture.counters->reaped.poll, 2);
    CHECK_EQUAL(fixture.counters->loop.blocking, 0);
    CHECK_EQUAL(fixture.counters->loop.slept_in_flight, 0);
    CHECK_EQUAL(aio_set_poll_handler(fixture.ctx, NULL, &later, NULL), 0);
    detach_mode(&fixture);
}

/* No eventfd would rescue what the kernel had no room for. */
static void poll_submits_what_had_no_room(void)
{
    Fixture fixture;

    attach_mode(&fixture, &completion_poll);
    submit(fixture.bench, 0, 20);
    while (done_list_count(&fixture.bench->done) < 20) {
        fake_kernel_succeed_all();
        CHECK(aio_poll(fixture.ctx, true));
    }
    CHECK_EQUAL(fixture.counters->reaped.poll, 20);
    CHECK_EQUAL(fixture.counters->loop.blocking, 0);
    detach_mode(&fixture);
}

static void eventfd_is_read_and_then_the_ring(void)
{
    Fixture fixture;

    attach_mode(&fixture, &completion_eventfd);
    complete_three(&fixture);
    CHECK(aio_poll(fixture.ctx, true));
    CHECK_EQUAL(done_list_count(&fixture.bench->done), 3);
    CHECK_EQUAL(fixture.counters->reaped.eventfd, 3);
    CHECK_EQUAL(fixture.counters->eventfd.reads, 1);
    CHECK_EQUAL(fixture.counters->eventfd.values, 3);
    CHECK_EQUAL(fixture.counters->eventfd.empty, 0);
    CHECK_EQUAL(fixture.counters->poll.iterations, 0);
    CHECK_EQUAL(fixture.counters->loop.blocking, 1);
    CHECK(!aio_poll(fixture.ctx, false)); /* it was cleared */
    detach_mode(&fixture);
}

static void an_eventfd_without_completions_is_an_empty_wake_up(void)
{
    Fixture fixture;

    attach_mode(&fixture, &completion_eventfd);
    complete_three(&fixture);
    CHECK_EQUAL(reap(fixture.bench), 3); /* before the eventfd was read */
    CHECK(aio_poll(fixture.ctx, true));
    CHECK_EQUAL(fixture.counters->eventfd.empty, 1);
    CHECK_EQUAL(fixture.counters->reaped.eventfd, 0);
    detach_mode(&fixture);
}

/* It sets the eventfd as well, so it must be reaped after the clearing, not before. */
static void what_completes_before_the_eventfd_is_cleared_is_not_lost(void)
{
    static const CompletionMode *const sleepers[] = {&completion_eventfd,
                                                     &completion_bh};

    for (int i = 0; i < 2; i++) {
        Fixture fixture;

        fake_kernel_reset();
        attach_mode(&fixture, sleepers[i]);
        submit(fixture.bench, 0, 2);
        fake_kernel_succeed(0);
        failing_calls.read.before = fake_kernel_succeed_all;
        for (int round = 0; round < 3; round++) {
            aio_poll(fixture.ctx, false);
        }
        CHECK_EQUAL(done_list_count(&fixture.bench->done), 2);
        CHECK(!failing_calls.read.before);
        detach_mode(&fixture);
    }
}

static void bh_only_schedules_and_reaps_in_the_next_round(void)
{
    Fixture fixture;

    attach_mode(&fixture, &completion_bh);
    complete_three(&fixture);
    CHECK(aio_poll(fixture.ctx, true));
    CHECK_EQUAL(fixture.counters->eventfd.reads, 1);
    CHECK_EQUAL(fixture.counters->bh.scheduled, 1);
    CHECK_EQUAL(fixture.counters->bh.dispatched, 0);
    CHECK_EQUAL(done_list_count(&fixture.bench->done), 0);
    CHECK(aio_poll(fixture.ctx, true));
    CHECK_EQUAL(fixture.counters->bh.dispatched, 1);
    CHECK_EQUAL(fixture.counters->bh.reaps, 1);
    CHECK_EQUAL(fixture.counters->reaped.bh, 3);
    CHECK_EQUAL(done_list_count(&fixture.bench->done), 3);
    detach_mode(&fixture);
}

static void adaptive_sleeps_without_polling_and_polls_first_if_it_may(void)
{
    Fixture fixture;

    attach_mode(&fixture, &completion_adaptive);
    complete_three(&fixture);
    CHECK(aio_poll(fixture.ctx, true));
    CHECK_EQUAL(fixture.counters->reaped.eventfd, 3);
    CHECK_EQUAL(fixture.counters->poll.iterations, 0); /* its maximum is 0 */

    aio_context_set_polling(fixture.ctx, POLL_RULE_WEIGHTED, 1000000, 2, 2);
    complete_three(&fixture);
    CHECK(aio_poll(fixture.ctx, true));
    CHECK_EQUAL(fixture.counters->reaped.poll, 3);
    CHECK_EQUAL(fixture.counters->poll.hits, 1);
    CHECK_EQUAL(fixture.counters->reaped.eventfd, 3);
    detach_mode(&fixture);
}

static void getevents_asks_the_kernel(void)
{
    Fixture fixture;

    attach_mode(&fixture, &completion_getevents);
    complete_three(&fixture);
    CHECK(!fixture.bench->engine->notifier);
    aio_poll(fixture.ctx, true);
    CHECK_EQUAL(done_list_count(&fixture.bench->done), 3);
    CHECK_EQUAL(fixture.counters->reaped.getevents, 3);
    CHECK_EQUAL(fixture.counters->other.waits, fake_kernel.getevents_calls);
    CHECK(fake_kernel.getevents_calls > 0);
    CHECK_EQUAL(fixture.counters->loop.epoll_wait +
                    fixture.counters->loop.ppoll,
                0);
    detach_mode(&fixture);
}

static void only_modes_that_sleep_on_it_have_a_result_eventfd(void)
{
    for (int i = 0; i < MODES; i++) {
        bool needed = modes[i] == &completion_eventfd ||
                      modes[i] == &completion_bh ||
                      modes[i] == &completion_adaptive;
        Fixture fixture;

        attach_mode(&fixture, modes[i]);
        submit(fixture.bench, 0, 1);
        CHECK_EQUAL(!!(fake_kernel.held[0]->aio_flags & IOCB_FLAG_RESFD),
                    needed);
        fake_kernel_succeed_all();
        while (done_list_count(&fixture.bench->done) == 0) {
            aio_poll(fixture.ctx, true);
        }
        detach_mode(&fixture);
    }
}

static void an_eventfd_that_cannot_be_read_ends_the_run(void)
{
    Fixture fixture;

    attach_mode(&fixture, &completion_eventfd);
    complete_three(&fixture);
    failing_calls.read = (FailingCall){.failures = 1, .code = EIO};
    aio_poll(fixture.ctx, true);
    CHECK_EQUAL(fixture.ctx->failure.code, EIO);
    CHECK(strcmp(fixture.ctx->failure.call, "read") == 0);
    detach_mode(&fixture);
}

/* ---- all modes --------------------------------------------------------------------------- */

/* The accounts of the eventfd close: what was read, and what was left in it. */
static void what_was_reaped_before_its_eventfd_was_read_is_left_over(void)
{
    Fixture fixture;

    attach_mode(&fixture, &completion_eventfd);
    complete_three(&fixture);
    CHECK(aio_poll(fixture.ctx, true));
    submit(fixture.bench, 3, 2);
    fake_kernel_succeed_all();
    CHECK_EQUAL(reap(fixture.bench), 2);
    completion_read_leftover(&fixture.completion);
    CHECK_EQUAL(fixture.counters->eventfd.values, 3);
    CHECK_EQUAL(fixture.completion.leftover_events, 2);
    CHECK_EQUAL(fixture.bench->engine->events, 5);
    detach_mode(&fixture);
}

static void a_foreign_ring_serves_every_mode(void)
{
    for (int i = 0; i < MODES; i++) {
        Fixture fixture;

        fake_kernel_reset();
        fake_kernel.magic = 0xdead;
        attach_mode(&fixture, modes[i]);
        submit(fixture.bench, 0, 20);
        while (done_list_count(&fixture.bench->done) < 20) {
            fake_kernel_succeed_all();
            aio_poll(fixture.ctx, true);
        }
        CHECK(fake_kernel.getevents_calls > 0);
        CHECK_EQUAL(fixture.ctx->in_flight, 0);
        detach_mode(&fixture);
    }
}

/* ---- nested loops -------------------------------------------------------------------------- */

enum { NESTED_IOS = 600, DEEPEST = 4 };

/* Handles what is done in a bottom half, and there runs the loop anew, and so on. */
typedef struct Nest {
    Fixture fixture;
    BottomHalf *bh;
    int depth, deepest;
    int issued, handled;
    int completions[REQUESTS]; /* of each request, less those it was issued */
} Nest;

static void issue(Nest *nest, int index)
{
    nest->issued++;
    nest->completions[index]--;
    submit(nest->fixture.bench, index, 1);
}

static void complete_some(Nest *nest)
{
    while (fake_kernel.held_count > (uint32_t)nest->handled % 3) {
        fake_kernel_succeed(fake_kernel.held_count - 1);
    }
}

static void handle_one(Nest *nest, Request *request)
{
    int index = (int)(request - nest->fixture.bench->requests);

    CHECK(request_succeeded(request));
    CHECK_EQUAL(++nest->completions[index], 0); /* neither twice nor unasked */
    nest->handled++;
    if (nest->issued < NESTED_IOS) {
        issue(nest, index);
    }
}

static void handle_and_poll(void *opaque)
{
    Nest *nest = opaque;

    nest->depth++;
    nest->deepest = nest->depth > nest->deepest ? nest->depth : nest->deepest;
    while (done_list_count(&nest->fixture.bench->done) > 0) {
        handle_one(nest, done_list_pop(&nest->fixture.bench->done));
        complete_some(nest);
        if (nest->depth < DEEPEST && nest->handled % 2) {
            bh_schedule(nest->bh);
            aio_poll(nest->fixture.ctx, false);
            aio_poll(nest->fixture.ctx, false); /* what the one put off */
        }
    }
    nest->depth--;
}

static void check_nested(const CompletionMode *mode)
{
    static Nest nest;
    ReapedCounters *reaped;

    fake_kernel_reset(); /* a ring of 8, with up to 6 in flight: it wraps often */
    nest = (Nest){0};
    attach_mode(&nest.fixture, mode);
    nest.bh = bh_new(nest.fixture.ctx, handle_and_poll, &nest);
    for (int i = 0; i < 8; i++) {
        issue(&nest, i);
    }
    while (nest.handled < NESTED_IOS) {
        complete_some(&nest);
        bh_schedule(nest.bh);
        aio_poll(nest.fixture.ctx, false);
    }
    CHECK_EQUAL(nest.handled, nest.issued);
    CHECK_EQUAL(nest.deepest, DEEPEST);
    CHECK_EQUAL(nest.fixture.ctx->in_flight, 0);
    CHECK_EQUAL(fake_kernel.held_count, 0);
    reaped = &nest.fixture.counters->reaped;
    CHECK(reaped->nested > 0);
    CHECK_EQUAL(reaped->poll + reaped->eventfd + reaped->bh +
                    reaped->getevents + reaped->nested,
                NESTED_IOS);
    bh_delete(nest.bh);
    detach_mode(&nest.fixture);
}

static void nested_loops_see_each_completion_once_across_the_ring_s_wrap(void)
{
    for (int i = 0; i < MODES; i++) {
        check_nested(modes[i]);
    }
}

static const TestCase tests[] = {
    TEST(poll_finds_them_without_descriptors_or_sleep),
    TEST(poll_never_sleeps_while_requests_are_in_flight),
    TEST(poll_submits_what_had_no_room),
    TEST(eventfd_is_read_and_then_the_ring),
    TEST(an_eventfd_without_completions_is_an_empty_wake_up),
    TEST(what_completes_before_the_eventfd_is_cleared_is_not_lost),
    TEST(bh_only_schedules_and_reaps_in_the_next_round),
    TEST(adaptive_sleeps_without_polling_and_polls_first_if_it_may),
    TEST(getevents_asks_the_kernel),
    TEST(only_modes_that_sleep_on_it_have_a_result_eventfd),
    TEST(an_eventfd_that_cannot_be_read_ends_the_run),
    TEST(what_was_reaped_before_its_eventfd_was_read_is_left_over),
    TEST(a_foreign_ring_serves_every_mode),
    TEST(nested_loops_see_each_completion_once_across_the_ring_s_wrap),
};

TEST_MAIN(tests)

/* One round of the loop: its order, what it looks at, what it calls progress. */
#include <signal.h>
#include <sys/resource.h>

#include "loop/bottom_half.h"
#include "event_source.h"
#include "harness.h"
#include "loop/timer.h"

/* ---- the order ------------------------------------------------------------------ */

static char order[8];
static int steps;

static void append(char step)
{
    CHECK(steps < (int)sizeof(order) - 1);
    order[steps++] = step;
}

static bool step_poll(void *opaque)
{
    (void)opaque;
    append('p');
    return true;
}

static void step_bottom_half(void *opaque)
{
    (void)opaque;
    append('b');
}
static void step_handler(void *opaque)
{
    (void)opaque;
    append('h');
}
static void step_timer(void *opaque)
{
    (void)opaque;
    append('t');
}

static const AioHandlerOps step_ops = {
    .io_poll = step_poll,
    .io_poll_ready = step_handler,
};

static void a_round_polls_then_runs_bottom_halves_handlers_and_timers(void)
{
    AioContext *ctx = make_context();
    Timer timer;

    timer_init(&timer, ctx, step_timer, NULL);
    timer_arm(&timer, 1);
    CHECK_EQUAL(aio_set_poll_handler(ctx, &step_ops, &timer, NULL), 0);
    CHECK_EQUAL(bh_schedule_oneshot(ctx, step_bottom_half, NULL), 0);
    CHECK(aio_poll(ctx, true));
    CHECK(strcmp(order, "pbht") == 0);
    CHECK_EQUAL(aio_set_poll_handler(ctx, NULL, &timer, NULL), 0);
    free_context(ctx);
}

/* ---- progress ---------------------------------------------------------------------- */

static void do_nothing(void *opaque)
{
    (void)opaque;
}

static void each_kind_of_work_is_progress(void)
{
    AioContext *ctx = make_context();
    Source source;
    Timer timer;

    open_source(&source, ctx);
    watch(&source, &pollable);
    CHECK(!aio_poll(ctx, false));
    event_notifier_set(&source.notifier);
    CHECK(aio_poll(ctx, true));
    source.has_work = true;
    CHECK(aio_poll(ctx, false));
    CHECK_EQUAL(bh_schedule_oneshot(ctx, do_nothing, NULL), 0);
    CHECK(aio_poll(ctx, false));
    timer_init(&timer, ctx, do_nothing, NULL);
    timer_arm(&timer, 1);
    CHECK(aio_poll(ctx, false));
    CHECK(!aio_poll(ctx, false));
    close_source(&source);
    free_context(ctx);
}

/* ---- nobody starves ------------------------------------------------------------------ */

typedef struct Restless {
    BottomHalf *bh;
    int runs;
} Restless;

static void run_again(void *opaque)
{
    Restless *restless = opaque;

    restless->runs++;
    bh_schedule(restless->bh);
}

static void start_restless(Restless *restless, AioContext *ctx)
{
    restless->bh = bh_new(ctx, run_again, restless);
    bh_schedule(restless->bh);
}

static void a_bottom_half_that_reschedules_itself_starves_no_descriptor(void)
{
    static const AioHandlerOps *const kinds[] = {&readable, &pollable};

    for (int kind = 0; kind < 2; kind++) {
        AioContext *ctx = make_context();
        Restless restless = {0};
        Source source;

        open_source(&source, ctx);
        watch(&source, kinds[kind]);
        start_restless(&restless, ctx);
        event_notifier_set(&source.notifier);
        source.has_work = true;
        for (int i = 0; i < 3; i++) {
            CHECK(aio_poll(ctx, true));
        }
        CHECK_EQUAL(source.reads, 1);
        CHECK_EQUAL(restless.runs, 3);
        bh_delete(restless.bh);
        close_source(&source);
        free_context(ctx);
    }
}

static void a_bottom_half_that_reschedules_itself_starves_no_timer(void)
{
    AioContext *ctx = make_context();
    Restless restless = {0};
    Source source;
    Timer timer;

    open_source(&source, ctx);
    timer_init(&timer, ctx, poll_source_ready, &source);
    timer_arm(&timer, 1);
    start_restless(&restless, ctx);
    CHECK(aio_poll(ctx, true));
    CHECK_EQUAL(source.reads, 1);
    bh_delete(restless.bh);
    event_notifier_cleanup(&source.notifier);
    free_context(ctx);
}

/* ---- busy-polling ---------------------------------------------------------------------- */

/* It would not see the descriptor of a handler that can't be polled. */
static void one_handler_that_cannot_be_polled_keeps_the_loop_from_polling(void)
{
    AioContext *ctx = make_context();
    Source polled, other;

    aio_context_set_polling(ctx, POLL_RULE_STEP, 1000000, 2, 2);
    open_source(&polled, ctx);
    open_source(&other, ctx);
    watch(&polled, &pollable);
    watch(&other, &readable);
    event_notifier_set(&other.notifier);
    CHECK(aio_poll(ctx, true));
    CHECK_EQUAL(other.reads, 1);
    CHECK_EQUAL(polled.polls, 0);
    CHECK_EQUAL(ctx->counters.poll.iterations, 0);
    CHECK_EQUAL(ctx->counters.poll.disabled, 1);

    watch(&other, NULL); /* and now it may */
    polled.has_work = true;
    CHECK(aio_poll(ctx, true));
    CHECK_EQUAL(polled.polls, 1);
    CHECK_EQUAL(ctx->counters.poll.disabled, 1);
    close_source(&polled);
    event_notifier_cleanup(&other.notifier);
    free_context(ctx);
}

/* ---- the home thread --------------------------------------------------------------------- */

static void *poll_it(void *opaque)
{
    aio_poll(opaque, false);
    return NULL;
}

static void *set_its_handler(void *opaque)
{
    aio_set_fd_handler(opaque, 0, &readable, NULL, NULL);
    return NULL;
}

static void *set_its_sleeper(void *opaque)
{
    aio_set_sleeper(opaque, NULL, NULL);
    return NULL;
}

/* In a process of its own, since it shall die. */
static void check_dies(void *(*trespass)(void *opaque))
{
    int status;
    pid_t child = fork();

    CHECK(child >= 0);
    if (child == 0) {
        static const struct rlimit no_core = {0, 0};
        AioContext *ctx = make_context();
        pthread_t thread;

        setrlimit(RLIMIT_CORE, &no_core);
        fclose(stderr);
        CHECK_EQUAL(pthread_create(&thread, NULL, trespass, ctx), 0);
        pthread_join(thread, NULL);
        _exit(0);
    }
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK(WIFSIGNALED(status));
    CHECK_EQUAL(WTERMSIG(status), SIGABRT);
}

static void another_thread_that_runs_a_context_dies(void)
{
    check_dies(poll_it);
    check_dies(set_its_handler);
    check_dies(set_its_sleeper);
}

static const TestCase tests[] = {
    TEST(a_round_polls_then_runs_bottom_halves_handlers_and_timers),
    TEST(each_kind_of_work_is_progress),
    TEST(a_bottom_half_that_reschedules_itself_starves_no_descriptor),
    TEST(a_bottom_half_that_reschedules_itself_starves_no_timer),
    TEST(one_handler_that_cannot_be_polled_keeps_the_loop_from_polling),
    TEST(another_thread_that_runs_a_context_dies),
};

TEST_MAIN(tests)

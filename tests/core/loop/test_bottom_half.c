/* Bottom halves: coalescing, order, rescheduling, cancelling, deleting. */
#include <pthread.h>

#include "loop/bottom_half.h"
#include "fixture.h"
#include "harness.h"

typedef struct Counted {
    BottomHalf *bh;
    AioContext *ctx;
    int runs;
    int reschedule;
} Counted;

static void count_run(void *opaque)
{
    Counted *counted = opaque;

    counted->runs++;
    if (counted->reschedule > 0) {
        counted->reschedule--;
        bh_schedule(counted->bh);
    }
}

static void scheduling_many_times_runs_once(void)
{
    AioContext *ctx = make_context();
    Counted counted = {0};
    uint64_t notified;

    counted.bh = bh_new(ctx, count_run, &counted);
    notified = ctx->counters.notify.calls;
    for (int i = 0; i < 5; i++) {
        bh_schedule(counted.bh);
    }
    CHECK_EQUAL(ctx->counters.notify.calls, notified + 1); /* for the first */
    CHECK(aio_poll(ctx, false));
    CHECK(!aio_poll(ctx, false));
    CHECK_EQUAL(counted.runs, 1);
    CHECK_EQUAL(ctx->counters.bh.scheduled, 5);
    CHECK_EQUAL(ctx->counters.bh.coalesced, 4);
    CHECK_EQUAL(ctx->counters.bh.dispatched, 1);
    bh_delete(counted.bh);
    free_context(ctx);
}

static void reschedules_itself_ten_times(void)
{
    AioContext *ctx = make_context();
    Counted counted = {.reschedule = 10};

    counted.bh = bh_new(ctx, count_run, &counted);
    bh_schedule(counted.bh);
    for (int i = 1; i <= 11; i++) {
        CHECK(aio_poll(ctx, true));
        CHECK_EQUAL(counted.runs, i); /* once a round, not all in one */
    }
    CHECK(!aio_poll(ctx, false));
    bh_delete(counted.bh);
    free_context(ctx);
}

static void cancelled_does_not_run(void)
{
    AioContext *ctx = make_context();
    Counted counted = {0};

    counted.bh = bh_new(ctx, count_run, &counted);
    bh_schedule(counted.bh);
    CHECK(bh_cancel(counted.bh));
    CHECK(!bh_cancel(counted.bh));
    CHECK(!aio_poll(ctx, false));
    CHECK_EQUAL(counted.runs, 0);

    bh_schedule(counted.bh); /* and is as good as new */
    CHECK(aio_poll(ctx, false));
    CHECK_EQUAL(counted.runs, 1);
    bh_delete(counted.bh);
    free_context(ctx);
}

static void deleted_before_it_runs_does_not_run(void)
{
    AioContext *ctx = make_context();
    Counted counted = {0};

    counted.bh = bh_new(ctx, count_run, &counted);
    bh_schedule(counted.bh);
    bh_delete(counted.bh);
    CHECK(!aio_poll(ctx, false));
    CHECK_EQUAL(counted.runs, 0);
    free_context(ctx);
}

static void deleted_while_idle_does_not_run(void)
{
    AioContext *ctx = make_context();
    Counted counted = {0};

    counted.bh = bh_new(ctx, count_run, &counted);
    bh_schedule_idle(counted.bh);
    bh_delete(counted.bh);
    CHECK_EQUAL(bh_timeout_ns(ctx), -1); /* and nobody wakes up for it */
    CHECK(!aio_poll(ctx, false));
    CHECK_EQUAL(counted.runs, 0);
    free_context(ctx);
}

static void delete_self(void *opaque)
{
    Counted *counted = opaque;

    counted->runs++;
    bh_schedule(counted->bh);
    bh_delete(counted->bh);
}

static void deletes_itself_in_its_callback(void)
{
    AioContext *ctx = make_context();
    Counted counted = {0};

    counted.bh = bh_new(ctx, delete_self, &counted);
    bh_schedule(counted.bh);
    CHECK(aio_poll(ctx, false));
    CHECK(!aio_poll(ctx, false));
    CHECK_EQUAL(counted.runs, 1);
    free_context(ctx);
}

static void delete_other(void *opaque)
{
    Counted *other = opaque;

    bh_delete(other->bh);
}

static void one_deletes_another_that_is_scheduled(void)
{
    AioContext *ctx = make_context();
    Counted other = {0};
    BottomHalf *first = bh_new(ctx, delete_other, &other);

    other.bh = bh_new(ctx, count_run, &other);
    bh_schedule(first);
    bh_schedule(other.bh);
    aio_poll(ctx, false);
    aio_poll(ctx, false);
    CHECK_EQUAL(other.runs, 0);
    bh_delete(first);
    free_context(ctx);
}

static void oneshot_runs_once_and_is_freed(void)
{
    AioContext *ctx = make_context();
    Counted counted = {0};

    CHECK_EQUAL(bh_schedule_oneshot(ctx, count_run, &counted), 0);
    CHECK(aio_poll(ctx, true));
    CHECK(!aio_poll(ctx, false));
    CHECK_EQUAL(counted.runs, 1);
    free_context(ctx);
}

static void idle_runs_within_a_bounded_sleep_and_is_no_progress(void)
{
    AioContext *ctx = make_context();
    Counted counted = {0};

    aio_poll(ctx, false); /* takes the notifications of making the context */
    counted.bh = bh_new(ctx, count_run, &counted);
    do { /* on a busy machine its time may have come before it slept */
        counted.runs = 0;
        bh_schedule_idle(counted.bh);
        CHECK_EQUAL(bh_timeout_ns(ctx), 10000000);
        CHECK(!aio_poll(ctx, true)); /* returns: the sleep was bounded */
        CHECK_EQUAL(counted.runs, 1);
    } while (ctx->counters.loop.blocking == 0);
    bh_delete(counted.bh);
    free_context(ctx);
}

static void scheduling_makes_an_idle_one_urgent(void)
{
    AioContext *ctx = make_context();
    Counted counted = {0};

    counted.bh = bh_new(ctx, count_run, &counted);
    bh_schedule_idle(counted.bh);
    bh_schedule(counted.bh);
    CHECK_EQUAL(bh_timeout_ns(ctx), 0);
    CHECK(aio_poll(ctx, true));
    CHECK_EQUAL(counted.runs, 1);
    CHECK_EQUAL(ctx->counters.loop.blocking, 0);
    bh_delete(counted.bh);
    free_context(ctx);
}

typedef struct Order {
    char text[16];
    int length;
} Order;

static Order order;

static void append_a(void *opaque)
{
    (void)opaque;
    order.text[order.length++] = 'a';
}
static void append_b(void *opaque)
{
    (void)opaque;
    order.text[order.length++] = 'b';
}
static void append_c(void *opaque)
{
    (void)opaque;
    order.text[order.length++] = 'c';
}

static void run_in_the_order_of_scheduling(void)
{
    AioContext *ctx = make_context();

    memset(&order, 0, sizeof(order));
    bh_schedule_oneshot(ctx, append_b, NULL);
    bh_schedule_oneshot(ctx, append_a, NULL);
    bh_schedule_oneshot(ctx, append_c, NULL);
    aio_poll(ctx, false);
    CHECK(strcmp(order.text, "bac") == 0);
    free_context(ctx);
}

static void poll_inside(void *opaque)
{
    append_a(NULL);
    aio_poll(opaque, false);
    append_c(NULL);
}

static void a_nested_loop_runs_the_rest_once(void)
{
    AioContext *ctx = make_context();

    memset(&order, 0, sizeof(order));
    bh_schedule_oneshot(ctx, poll_inside, ctx);
    bh_schedule_oneshot(ctx, append_b, NULL);
    aio_poll(ctx, false);
    CHECK(strcmp(order.text, "abc") == 0);
    free_context(ctx);
}

/* ---- other threads ------------------------------------------------------ */

enum { SCHEDULERS = 4, SCHEDULES = 20000 };

typedef struct Shared {
    BottomHalf *bh;
    uint64_t published; /* atomic: what the callback must find */
    uint64_t seen;
} Shared;

static void see(void *opaque)
{
    Shared *shared = opaque;

    shared->seen = __atomic_load_n(&shared->published, __ATOMIC_RELAXED);
}

static void *publish(void *opaque)
{
    Shared *shared = opaque;

    for (int i = 0; i < SCHEDULES; i++) {
        __atomic_fetch_add(&shared->published, 1, __ATOMIC_RELAXED);
        bh_schedule(shared->bh);
    }
    return NULL;
}

/* A lost wake-up would leave the last publication unseen, and us asleep. */
static void no_wakeup_is_lost_between_threads(void)
{
    AioContext *ctx = make_context();
    Shared shared = {0};
    pthread_t threads[SCHEDULERS];

    shared.bh = bh_new(ctx, see, &shared);
    for (int i = 0; i < SCHEDULERS; i++) {
        CHECK_EQUAL(pthread_create(&threads[i], NULL, publish, &shared), 0);
    }
    while (shared.seen < SCHEDULERS * SCHEDULES) {
        aio_poll(ctx, true);
    }
    for (int i = 0; i < SCHEDULERS; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK_EQUAL(ctx->counters.bh.scheduled, SCHEDULERS * SCHEDULES);
    CHECK_EQUAL(ctx->counters.notify.calls - 1, /* one for a handler */
                ctx->counters.bh.scheduled - ctx->counters.bh.coalesced);
    CHECK_EQUAL(ctx->counters.notify.writes + ctx->counters.notify.suppressed,
                ctx->counters.notify.calls);
    bh_delete(shared.bh);
    free_context(ctx);
}

static const TestCase tests[] = {
    TEST(scheduling_many_times_runs_once),
    TEST(reschedules_itself_ten_times),
    TEST(cancelled_does_not_run),
    TEST(deleted_before_it_runs_does_not_run),
    TEST(deleted_while_idle_does_not_run),
    TEST(deletes_itself_in_its_callback),
    TEST(one_deletes_another_that_is_scheduled),
    TEST(oneshot_runs_once_and_is_freed),
    TEST(idle_runs_within_a_bounded_sleep_and_is_no_progress),
    TEST(scheduling_makes_an_idle_one_urgent),
    TEST(run_in_the_order_of_scheduling),
    TEST(a_nested_loop_runs_the_rest_once),
    TEST(no_wakeup_is_lost_between_threads),
};

TEST_MAIN(tests)

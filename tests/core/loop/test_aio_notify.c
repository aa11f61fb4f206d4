/* The notify protocol: whoever publishes is heard, and writes only if somebody sleeps. */
#include "loop/aio_notify.h"
#include "loop/aio_wait.h"
#include "loop/bottom_half.h"
#include "event_source.h"
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
    CHECK_EQUAL(ctx->notified, 0);
    free_context(ctx);
}

/* ---- while it polls ------------------------------------------------------------- */

typedef struct Watcher {
    AioContext *ctx;
    BottomHalf *bh;
    int looks;
} Watcher;

static bool notify_while_it_looks(void *opaque)
{
    Watcher *watcher = opaque;

    CHECK_EQUAL(watcher->ctx->notify_me, 0);
    if (watcher->looks++ == 5) {
        aio_notify(watcher->ctx);
    }
    return false;
}

/* The flag alone ends the looking: no system call was needed on either side. */
static void a_loop_that_polls_is_notified_without_a_write(void)
{
    static const AioHandlerOps ops = {.io_poll = notify_while_it_looks};
    Watcher watcher = {.ctx = make_context()};
    AioContext *ctx = watcher.ctx;

    ctx->poll_while_in_flight = true;
    ctx->in_flight = 1; /* it would look for ever */
    CHECK_EQUAL(aio_set_poll_handler(ctx, &ops, &watcher, NULL), 0);
    aio_poll(ctx, false); /* takes the notification of that */
    CHECK(!aio_poll(ctx, true));
    CHECK(watcher.looks > 5);
    CHECK_EQUAL(ctx->counters.notify.writes, 0);
    CHECK_EQUAL(ctx->counters.loop.blocking, 0);
    ctx->in_flight = 0;
    CHECK_EQUAL(aio_set_poll_handler(ctx, NULL, &watcher, NULL), 0);
    free_context(ctx);
}

/* ---- on the way to sleep ---------------------------------------------------------- */

typedef struct Bed {
    AioContext *ctx;
    int64_t timeout_ns;
    uint32_t notify_me;
    int sleeps;
} Bed;

static bool wants_to_sleep(void *opaque)
{
    (void)opaque;
    return true;
}

static void lie_down(void *opaque, int64_t timeout_ns)
{
    Bed *bed = opaque;

    bed->sleeps++;
    bed->timeout_ns = timeout_ns;
    bed->notify_me = bed->ctx->notify_me;
}

static const AioSleeperOps bed_ops = {
    .wants = wants_to_sleep,
    .sleep = lie_down,
};

/* A context that sleeps in @bed, where it is seen. */
static AioContext *make_sleeper(Bed *bed)
{
    AioContext *ctx = make_context();

    aio_poll(ctx, false);
    *bed = (Bed){.ctx = ctx};
    aio_set_sleeper(ctx, &bed_ops, bed);
    return ctx;
}

static void free_sleeper(AioContext *ctx)
{
    aio_set_sleeper(ctx, NULL, NULL);
    free_context(ctx);
}

static void it_says_that_it_sleeps_and_takes_that_back(void)
{
    Bed bed;
    AioContext *ctx = make_sleeper(&bed);

    aio_poll(ctx, true);
    CHECK_EQUAL(bed.timeout_ns, -1);
    CHECK_EQUAL(bed.notify_me, 2);
    CHECK_EQUAL(ctx->notify_me, 0);
    aio_poll(ctx, false); /* only looks: there is nobody to wake */
    CHECK_EQUAL(bed.timeout_ns, 0);
    CHECK_EQUAL(bed.notify_me, 0);
    CHECK_EQUAL(bed.sleeps, 2);
    free_sleeper(ctx);
}

static void one_notified_before_does_not_fall_asleep(void)
{
    Bed bed;
    AioContext *ctx = make_sleeper(&bed);

    aio_notify(ctx);
    aio_poll(ctx, true);
    CHECK_EQUAL(bed.timeout_ns, 0);
    aio_poll(ctx, true); /* and it was accepted */
    CHECK_EQUAL(bed.timeout_ns, -1);
    free_sleeper(ctx);
}

static void do_nothing(void *opaque)
{
    (void)opaque;
}

/*
 * Another thread may have published a bottom half and not come to notifying
 * yet: the last look before sleeping finds it.
 */
static void the_last_look_finds_what_nobody_was_told_of_yet(void)
{
    AioContext *ctx = make_context();

    aio_poll(ctx, false);
    CHECK(aio_begin_sleep(ctx));
    aio_notify_end_sleep(ctx);
    CHECK_EQUAL(bh_schedule_oneshot(ctx, do_nothing, NULL), 0);
    ctx->notified = 0;
    CHECK(!aio_begin_sleep(ctx));
    aio_notify_end_sleep(ctx);
    CHECK(aio_poll(ctx, true));
    free_context(ctx);
}

static void notify_again(void *opaque)
{
    aio_notify(opaque);
}

/* What it is about may have been looked for already in this round. */
static void a_notification_in_mid_round_is_for_the_next_one(void)
{
    Bed bed;
    AioContext *ctx = make_sleeper(&bed);

    CHECK_EQUAL(bh_schedule_oneshot(ctx, notify_again, ctx), 0);
    aio_poll(ctx, true);
    aio_poll(ctx, true);
    CHECK_EQUAL(bed.timeout_ns, 0);
    aio_poll(ctx, true);
    CHECK_EQUAL(bed.timeout_ns, -1);
    free_sleeper(ctx);
}

/* ---- between threads ------------------------------------------------------------------ */

enum { PUBLISHERS = 3, ROUNDS = 3000 };

/* One publisher, who goes on only when it was heard: each lost wake-up hangs. */
typedef struct Publisher {
    AioContext *ctx;
    BottomHalf *bh;
    uint32_t seed;
    uint32_t published, heard; /* atomic */
    bool ended;                /* atomic */
} Publisher;

static void hear(void *opaque)
{
    Publisher *publisher = opaque;

    __atomic_store_n(&publisher->heard,
                     __atomic_load_n(&publisher->published, __ATOMIC_RELAXED),
                     __ATOMIC_RELEASE);
}

/* So that it meets the home thread at any point on its way to sleep. */
static void dither(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    if (*seed >> 28 == 0) {
        usleep(1);
    }
    for (uint32_t i = *seed >> 22; i > 0; i--) {
        __asm__ volatile("" ::: "memory");
    }
}

/* Some are coalesced, some cancelled and made anew, some are one-shots. */
static void publish_once(Publisher *publisher, uint32_t number)
{
    __atomic_store_n(&publisher->published, number, __ATOMIC_RELAXED);
    if (publisher->seed % 5 == 0) {
        CHECK_EQUAL(bh_schedule_oneshot(publisher->ctx, hear, publisher), 0);
        return;
    }
    bh_schedule(publisher->bh);
    if (publisher->seed % 5 == 1) {
        bh_schedule(publisher->bh);
    } else if (publisher->seed % 5 == 2) {
        bh_cancel(publisher->bh);
        bh_schedule(publisher->bh);
    }
}

static void *publish(void *opaque)
{
    Publisher *publisher = opaque;

    for (uint32_t number = 1; number <= ROUNDS; number++) {
        dither(&publisher->seed);
        publish_once(publisher, number);
        while (__atomic_load_n(&publisher->heard, __ATOMIC_ACQUIRE) != number) {
            sched_yield();
        }
    }
    __atomic_store_n(&publisher->ended, true, __ATOMIC_RELEASE);
    aio_notify(publisher->ctx);
    return NULL;
}

static bool all_ended(Publisher *publishers)
{
    int ended = 0;

    for (int i = 0; i < PUBLISHERS; i++) {
        ended += __atomic_load_n(&publishers[i].ended, __ATOMIC_ACQUIRE);
    }
    return ended == PUBLISHERS;
}

static void check_nothing_is_lost(uint64_t poll_max_ns)
{
    AioContext *ctx = make_context();
    Publisher publishers[PUBLISHERS];
    pthread_t threads[PUBLISHERS];

    aio_context_set_polling(ctx, POLL_RULE_STEP, poll_max_ns, 2, 2);
    for (uint32_t i = 0; i < PUBLISHERS; i++) {
        publishers[i] = (Publisher){.ctx = ctx, .seed = i * 977 + 1};
        publishers[i].bh = bh_new(ctx, hear, &publishers[i]);
        CHECK_EQUAL(pthread_create(&threads[i], NULL, publish, &publishers[i]),
                    0);
    }
    while (!all_ended(publishers)) {
        aio_poll(ctx, true);
    }
    for (int i = 0; i < PUBLISHERS; i++) {
        pthread_join(threads[i], NULL);
        CHECK_EQUAL(publishers[i].heard, ROUNDS);
        bh_delete(publishers[i].bh);
    }
    CHECK_EQUAL(ctx->counters.notify.writes + ctx->counters.notify.suppressed,
                ctx->counters.notify.calls);
    CHECK_EQUAL(ctx->notify_me, 0);
    free_context(ctx);
}

static void no_wakeup_is_lost_when_each_is_waited_for(void)
{
    check_nothing_is_lost(0);
    check_nothing_is_lost(1000); /* between polling and sleeping, too */
}

static const TestCase tests[] = {
    TEST(notify_ends_a_sleep_and_is_no_progress),
    TEST(nobody_sleeps_so_nobody_is_written_to),
    TEST(a_loop_that_polls_is_notified_without_a_write),
    TEST(it_says_that_it_sleeps_and_takes_that_back),
    TEST(one_notified_before_does_not_fall_asleep),
    TEST(the_last_look_finds_what_nobody_was_told_of_yet),
    TEST(a_notification_in_mid_round_is_for_the_next_one),
    TEST(no_wakeup_is_lost_when_each_is_waited_for),
};

TEST_MAIN(tests)

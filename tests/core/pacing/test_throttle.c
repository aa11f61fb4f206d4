/* Throttle groups: the rate, the turns, and members that come and go. */
#include "fixture.h"
#include "pacing/throttle.h"

enum { MAX_MEMBERS = 4, BLOCK = 4096 };

#define LONG_NS UINT64_C(3600000000000)

/* A member that issues whenever it may, until the test stops it. */
typedef struct Issuer {
    ThrottleMember member;
    uint64_t issued;
    uint64_t wanted; /* I/Os that it still wants to issue */
} Issuer;

typedef struct Bench {
    AioContext *ctx;
    ThrottleGroup group;
    Issuer issuers[MAX_MEMBERS];
} Bench;

static void issue(void *opaque)
{
    Issuer *issuer = opaque;

    while (issuer->wanted > 0 && throttle_admit(&issuer->member, BLOCK)) {
        issuer->wanted--;
        issuer->issued++;
    }
}

static void attach(Bench *bench, int index)
{
    Issuer *issuer = &bench->issuers[index];

    CHECK_EQUAL(throttle_attach(&issuer->member, &bench->group, bench->ctx,
                                issue, issuer),
                0);
}

static Bench *make_bench(const ThrottleLimits *limits, int members)
{
    Bench *bench = calloc(1, sizeof(*bench));

    CHECK(bench);
    bench->ctx = make_context();
    throttle_group_init(&bench->group, limits, test_clock());
    for (int i = 0; i < members; i++) {
        attach(bench, i);
    }
    return bench;
}

static void free_bench(Bench *bench)
{
    for (int i = 0; i < MAX_MEMBERS; i++) {
        if (bench->issuers[i].member.group) {
            throttle_detach(&bench->issuers[i].member);
        }
    }
    CHECK(TAILQ_EMPTY(&bench->group.members));
    throttle_group_cleanup(&bench->group);
    free_context(bench->ctx);
    free(bench);
}

static uint64_t issued_by_all(const Bench *bench)
{
    uint64_t sum = 0;

    for (int i = 0; i < MAX_MEMBERS; i++) {
        sum += bench->issuers[i].issued;
    }
    return sum;
}

static void want(Bench *bench, int index, uint64_t ios)
{
    bench->issuers[index].wanted = ios;
    issue(&bench->issuers[index]);
}

/* Run until all have issued @ios together; the loop sleeps meanwhile. */
static void run_until_issued(Bench *bench, uint64_t ios)
{
    while (issued_by_all(bench) < ios) {
        aio_poll(bench->ctx, true);
    }
}

static double seconds_since(uint64_t start_ns)
{
    return (double)(clock_monotonic_ns() - start_ns) / 1e9;
}

static void first_io_goes_at_once_and_the_second_waits(void)
{
    Bench *bench =
        make_bench(&(ThrottleLimits){.ios_per_s = 0.001, .burst_ns = LONG_NS},
                   1);

    want(bench, 0, 2);
    CHECK_EQUAL(bench->issuers[0].issued, 1); /* no burst at the start */
    CHECK(bench->issuers[0].member.is_waiting);
    CHECK(timers_deadline(bench->ctx) != UINT64_MAX);
    aio_poll(bench->ctx, false);
    CHECK_EQUAL(bench->issuers[0].issued, 1);
    free_bench(bench);
}

static void check_rate(const ThrottleLimits *limits, double ios_per_s)
{
    enum { IOS = 400 };
    Bench *bench = make_bench(limits, 1);
    uint64_t start_ns = clock_monotonic_ns();
    double min_s = (IOS - 1) / ios_per_s;

    want(bench, 0, IOS);
    run_until_issued(bench, IOS);
    CHECK_EQUAL(bench->issuers[0].issued, IOS);
    CHECK(seconds_since(start_ns) >= 0.99 * min_s);
    free_bench(bench);
}

static void limit_of_ios_is_never_exceeded(void)
{
    check_rate(&(ThrottleLimits){.ios_per_s = 4000, .burst_ns = 100000000},
               4000);
}

static void limit_of_bytes_is_never_exceeded(void)
{
    check_rate(&(ThrottleLimits){.bytes_per_s = 4000.0 * BLOCK,
                                 .burst_ns = 100000000},
               4000);
}

static void stricter_of_two_limits_counts(void)
{
    check_rate(&(ThrottleLimits){.ios_per_s = 1e9,
                                 .bytes_per_s = 4000.0 * BLOCK},
               4000);
    check_rate(&(ThrottleLimits){.ios_per_s = 4000, .bytes_per_s = 1e12}, 4000);
}

/* Simulates @s seconds in which no member issues. */
static void let_pass(Bench *bench, double s)
{
    bench->group.ios.due -= s * (double)test_clock()->ticks_per_s;
}

static void missed_time_is_made_up_for_up_to_the_burst(void)
{
    Bench *bench =
        make_bench(&(ThrottleLimits){.ios_per_s = 0.01, .burst_ns = LONG_NS},
                   1);

    want(bench, 0, 1);
    let_pass(bench, 600);
    want(bench, 0, 100);
    CHECK_EQUAL(bench->issuers[0].issued, 1 + 6);
    free_bench(bench);

    bench = make_bench(&(ThrottleLimits){.ios_per_s = 0.01,
                                         .burst_ns = LONG_NS / 12},
                       1);
    want(bench, 0, 1);
    let_pass(bench, 600);
    want(bench, 0, 100); /* 300 s of it, and the one that is due */
    CHECK_EQUAL(bench->issuers[0].issued, 1 + 4);
    free_bench(bench);
}

static void members_take_turns(void)
{
    Bench *bench = make_bench(&(ThrottleLimits){.ios_per_s = 2000}, 3);
    uint64_t least = UINT64_MAX, most = 0;

    for (int i = 0; i < 3; i++) {
        want(bench, i, UINT64_MAX);
    }
    run_until_issued(bench, 300);
    for (int i = 0; i < 3; i++) {
        uint64_t issued = bench->issuers[i].issued;

        least = issued < least ? issued : least;
        most = issued > most ? issued : most;
    }
    CHECK(most - least <= 2 + 3); /* a turn of 1 ms is 2 I/Os */
    free_bench(bench);
}

/* A member that asks all the time must not take the turn of one that waits. */
static void asking_again_gains_nothing(void)
{
    Bench *bench =
        make_bench(&(ThrottleLimits){.ios_per_s = 1000, .burst_ns = LONG_NS},
                   2);

    want(bench, 0, 1);
    want(bench, 0, UINT64_MAX);
    want(bench, 1, UINT64_MAX);
    for (int i = 0; i < 1000; i++) {
        want(bench, 0, UINT64_MAX);
        aio_poll(bench->ctx, false);
    }
    run_until_issued(bench, 40);
    CHECK(bench->issuers[1].issued >= 15);
    free_bench(bench);
}

static void leaving_member_hands_the_turn_on(void)
{
    Bench *bench = make_bench(&(ThrottleLimits){.ios_per_s = 20}, 2);

    want(bench, 0, 1);
    want(bench, 0, UINT64_MAX);
    want(bench, 1, UINT64_MAX);
    CHECK(bench->group.turn == &bench->issuers[0].member);
    throttle_detach(&bench->issuers[0].member);
    CHECK(bench->group.turn == &bench->issuers[1].member);
    CHECK_EQUAL(bench->group.waiting, 1);
    run_until_issued(bench, 1 + 3);
    CHECK_EQUAL(bench->issuers[0].issued, 1);
    free_bench(bench);
}

static void leaving_member_takes_its_timer_along(void)
{
    Bench *bench = make_bench(&(ThrottleLimits){.ios_per_s = 0.001}, 1);

    want(bench, 0, 2);
    CHECK(timers_deadline(bench->ctx) != UINT64_MAX);
    throttle_detach(&bench->issuers[0].member);
    CHECK_EQUAL(timers_deadline(bench->ctx), UINT64_MAX);
    CHECK(!bench->group.turn);
    free_bench(bench);
}

static void member_that_comes_back_waits_anew(void)
{
    Bench *bench = make_bench(&(ThrottleLimits){.ios_per_s = 1000}, 1);

    want(bench, 0, 10);
    throttle_detach(&bench->issuers[0].member);
    attach(bench, 0);
    issue(&bench->issuers[0]);
    run_until_issued(bench, 10);
    CHECK_EQUAL(bench->issuers[0].issued, 10);
    CHECK(!bench->group.turn);
    free_bench(bench);
}

static void satisfied_member_hands_the_turn_on(void)
{
    Bench *bench = make_bench(&(ThrottleLimits){.ios_per_s = 1000}, 2);

    want(bench, 0, 3);
    want(bench, 1, 3);
    run_until_issued(bench, 6);
    CHECK_EQUAL(bench->issuers[0].issued, 3);
    CHECK_EQUAL(bench->issuers[1].issued, 3);
    CHECK(!bench->group.turn);
    CHECK_EQUAL(bench->group.waiting, 0);
    free_bench(bench);
}

/* ---- members on threads of their own, that come and go ------------------- */

typedef struct Roamer {
    pthread_t thread;
    Bench *bench;
    Issuer issuer;
} Roamer;

static void *roam(void *opaque)
{
    Roamer *roamer = opaque;
    AioContext *ctx = make_context();

    for (int i = 0; i < 20; i++) {
        uint64_t end = roamer->issuer.issued + 25;

        CHECK_EQUAL(throttle_attach(&roamer->issuer.member,
                                    &roamer->bench->group, ctx, issue,
                                    &roamer->issuer),
                    0);
        roamer->issuer.wanted = UINT64_MAX;
        issue(&roamer->issuer);
        while (roamer->issuer.issued < end) {
            aio_poll(ctx, true);
        }
        throttle_detach(&roamer->issuer.member);
    }
    free_context(ctx);
    return NULL;
}

/* If a member that leaves took the turn with it, this would hang. */
static void group_goes_on_while_members_come_and_go(void)
{
    enum { THREADS = 3 };
    ThrottleLimits limits = {.ios_per_s = 20000, .burst_ns = 100000000};
    Bench *bench = make_bench(&limits, 0);
    Roamer roamers[THREADS];
    uint64_t start_ns = clock_monotonic_ns(), issued = 0;

    for (int i = 0; i < THREADS; i++) {
        roamers[i] = (Roamer){.bench = bench};
        CHECK_EQUAL(pthread_create(&roamers[i].thread, NULL, roam, &roamers[i]),
                    0);
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK_EQUAL(pthread_join(roamers[i].thread, NULL), 0);
        issued += roamers[i].issuer.issued;
    }
    CHECK(issued >= THREADS * 20 * 25);
    CHECK(issued <= 1 + 1.01 * 20000 * seconds_since(start_ns));
    CHECK_EQUAL(bench->group.waiting, 0);
    CHECK(!bench->group.turn);
    free_bench(bench);
}

static const TestCase tests[] = {
    TEST(first_io_goes_at_once_and_the_second_waits),
    TEST(limit_of_ios_is_never_exceeded),
    TEST(limit_of_bytes_is_never_exceeded),
    TEST(stricter_of_two_limits_counts),
    TEST(missed_time_is_made_up_for_up_to_the_burst),
    TEST(members_take_turns),
    TEST(asking_again_gains_nothing),
    TEST(leaving_member_hands_the_turn_on),
    TEST(leaving_member_takes_its_timer_along),
    TEST(member_that_comes_back_waits_anew),
    TEST(satisfied_member_hands_the_turn_on),
    TEST(group_goes_on_while_members_come_and_go),
};

TEST_MAIN(tests)

/* The pacer: schedules that depend only on the plan. */
#include "fixture.h"
#include "pacing/pacer.h"

#include <math.h>

enum { READ, WRITE, BLOCK = 4096, BEGIN = 1000 };

static const bool reads[PACED_DIRECTIONS] = {true};
static const bool both[PACED_DIRECTIONS] = {true, true};

static uint64_t second(void)
{
    return test_clock()->ticks_per_s;
}

static Pacer pacer_of(const PacingPlan *plan, const bool uses[PACED_DIRECTIONS])
{
    Pacer pacer;

    pacer_init(&pacer, plan, uses, uses[WRITE], BLOCK, 7, test_clock());
    pacer_begin(&pacer, BEGIN);
    return pacer;
}

static double seconds_until_due(const Pacer *pacer)
{
    return (double)(pacer_due(pacer) - BEGIN) / (double)second();
}

static bool is_about(double value, double expected)
{
    return fabs(value - expected) <= 1e-6 * fabs(expected);
}

static void without_a_rate_nothing_waits(void)
{
    Pacer pacer = pacer_of(&(PacingPlan){0}, reads);

    CHECK(!pacer.is_on);
    CHECK_EQUAL(pacer_due(&pacer), 0);
}

static void ios_are_due_at_constant_gaps(void)
{
    Pacer pacer = pacer_of(&(PacingPlan){.ios_per_s = {100}}, reads);

    CHECK(pacer.is_on);
    CHECK_EQUAL(pacer_due(&pacer), BEGIN);
    for (int i = 1; i <= 1000; i++) {
        pacer_issue(&pacer, READ, BLOCK, pacer_due(&pacer));
        CHECK(is_about(seconds_until_due(&pacer), i / 100.0));
    }
}

static void a_device_that_stalls_does_not_delay_the_schedule(void)
{
    Pacer pacer = pacer_of(&(PacingPlan){.ios_per_s = {100}}, reads);
    uint64_t now = BEGIN + second();

    for (int i = 0; i < 50; i++) {
        uint64_t due = pacer_issue(&pacer, READ, BLOCK, now);

        CHECK(is_about((double)(due - BEGIN) + 1.0,
                       i / 100.0 * (double)second() + 1.0));
    }
    CHECK_EQUAL(pacer.late, 50);
    CHECK_EQUAL(pacer.late_max, second());
}

static void a_small_lateness_is_none(void)
{
    Pacer pacer = pacer_of(&(PacingPlan){.ios_per_s = {100}}, reads);

    pacer_issue(&pacer, READ, BLOCK,
                BEGIN + clock_ns_to_ticks(test_clock(), LATE_NS / 2));
    CHECK_EQUAL(pacer.late, 0);
    CHECK(pacer.late_max > 0);
    pacer_reset_counts(&pacer, BEGIN);
    CHECK_EQUAL(pacer.late_max, 0);
}

static void a_rate_of_bytes_goes_by_the_size_of_each(void)
{
    Pacer pacer = pacer_of(&(PacingPlan){.bytes_per_s = {10 * BLOCK}}, reads);

    pacer_issue(&pacer, READ, BLOCK, BEGIN);
    CHECK(is_about(seconds_until_due(&pacer), 0.1));
    pacer_issue(&pacer, READ, 5 * BLOCK, BEGIN);
    CHECK(is_about(seconds_until_due(&pacer), 0.6));
}

static void of_two_rates_the_stricter_holds(void)
{
    PacingPlan plan = {.bytes_per_s = {10 * BLOCK}, .ios_per_s = {5}};
    Pacer pacer = pacer_of(&plan, reads);

    pacer_issue(&pacer, READ, BLOCK, BEGIN);
    CHECK(is_about(seconds_until_due(&pacer), 0.2));
    pacer_issue(&pacer, READ, 4 * BLOCK, BEGIN);
    CHECK(is_about(seconds_until_due(&pacer), 0.6));
}

static void each_direction_of_a_mix_keeps_its_rate(void)
{
    Pacer pacer = pacer_of(&(PacingPlan){.ios_per_s = {300, 100}}, both);
    int issued[PACED_DIRECTIONS] = {0};

    for (int i = 0; i < 4000; i++) {
        uint64_t now = pacer_due(&pacer);
        uint32_t direction = pacer_pick(&pacer, now);

        CHECK_EQUAL(pacer_issue(&pacer, direction, BLOCK, now), now);
        issued[direction]++;
    }
    CHECK(abs(issued[READ] - 3000) <= 1);
    CHECK(abs(issued[WRITE] - 1000) <= 1);
}

static void a_direction_without_a_rate_has_the_time_that_is_left(void)
{
    Pacer pacer = pacer_of(&(PacingPlan){.ios_per_s = {0, 100}}, both);

    CHECK_EQUAL(pacer_due(&pacer), 0);
    CHECK_EQUAL(pacer_pick(&pacer, BEGIN), WRITE);
    pacer_issue(&pacer, WRITE, BLOCK, BEGIN);
    CHECK_EQUAL(pacer_pick(&pacer, BEGIN), READ);
    CHECK_EQUAL(pacer_issue(&pacer, READ, BLOCK, BEGIN), BEGIN);
    CHECK_EQUAL(pacer_pick(&pacer, BEGIN + second() / 100), WRITE);
}

static void a_shift_delays_all_that_is_to_come(void)
{
    Pacer pacer = pacer_of(&(PacingPlan){.ios_per_s = {100, 50}}, both);
    uint64_t due = pacer_due(&pacer);

    pacer_shift(&pacer, 12345);
    CHECK_EQUAL(pacer_due(&pacer), due + 12345);
}

static void poisson_gaps_have_the_mean_of_the_rate_and_differ(void)
{
    enum { IOS = 100000 };
    PacingPlan plan = {.ios_per_s = {1000}, .poisson = true};
    Pacer pacer = pacer_of(&plan, reads), again = pacer_of(&plan, reads);
    double last = 0, variance = 0, mean;

    for (int i = 0; i < IOS; i++) {
        double gap;

        pacer_issue(&pacer, READ, BLOCK, pacer_due(&pacer));
        pacer_issue(&again, READ, BLOCK, BEGIN);
        gap = seconds_until_due(&pacer) - last;
        last += gap;
        variance += (gap - 0.001) * (gap - 0.001) / IOS;
    }
    CHECK_EQUAL(pacer_due(&pacer), pacer_due(&again)); /* of one seed */
    mean = last / IOS;
    CHECK(fabs(mean - 0.001) < 0.001 * 0.02);
    CHECK(fabs(sqrt(variance) - 0.001) < 0.001 * 0.05);
}

/* The distance of a read and the next write, in gaps of the reads. */
static double smallest_distance(const PacingPlan *plan)
{
    Pacer pacer = pacer_of(plan, both);
    double gap = (double)second() / plan->ios_per_s[READ], smallest = 1;
    uint64_t last[PACED_DIRECTIONS] = {0};

    for (int i = 0; i < 2000; i++) {
        uint64_t now = pacer_due(&pacer);
        uint32_t direction = pacer_pick(&pacer, now), other = 1 - direction;
        double distance = (double)(now - last[other]) / gap;

        smallest = last[other] > 0 && distance < smallest ? distance : smallest;
        last[direction] = now;
        pacer_issue(&pacer, direction, BLOCK, now);
    }
    return smallest;
}

static void reads_and_writes_of_a_mix_are_not_due_at_once(void)
{
    const PacingPlan plans[] = {
        {.ios_per_s = {1000, 1000}},
        {.ios_per_s = {1000, 500}},
        {.ios_per_s = {600, 400}},
        {.ios_per_s = {700, 300}},
        {.bytes_per_s = {1000 * BLOCK, 1000 * BLOCK},
         .ios_per_s = {1000, 1000}},
    };

    for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
        CHECK(smallest_distance(&plans[i]) > 0.02);
    }
}

static void copies_begin_at_phases_of_their_own(void)
{
    PacingPlan plan = {.ios_per_s = {100}, .phase = 0.25};
    Pacer pacer = pacer_of(&plan, reads);

    CHECK(is_about(seconds_until_due(&pacer), 0.0025));
    pacer_issue(&pacer, READ, BLOCK, pacer_due(&pacer));
    CHECK(is_about(seconds_until_due(&pacer), 0.0125));
}

static void who_is_in_time_is_not_behind_however_many_chance_had(void)
{
    PacingPlan plan = {.ios_per_s = {1000, 0, 1000}, .poisson = true};
    Pacer pacer = pacer_of(&plan, reads);
    uint64_t end = BEGIN + second() / 10;

    while (pacer_due(&pacer) <= end) {
        pacer_issue(&pacer, READ, BLOCK, pacer_due(&pacer));
    }
    pacer_end(&pacer, end);
    CHECK_EQUAL(pacer_behind(&pacer, READ), 0);
    CHECK_EQUAL(pacer_behind(&pacer, 2), 0); /* trims: the job has none */
    CHECK(pacer_scheduled(&pacer, READ) >= second() / 10);
}

static void who_stalls_is_behind_by_what_was_due_and_did_not_go(void)
{
    Pacer pacer = pacer_of(&(PacingPlan){.ios_per_s = {100}}, reads);

    pacer_issue(&pacer, READ, BLOCK, BEGIN); /* and is not back until the end */
    CHECK_EQUAL(pacer_behind(&pacer, READ), 0);
    pacer_end(&pacer, BEGIN + second());
    CHECK(is_about((double)pacer_scheduled(&pacer, READ) / (double)second(),
                   0.01));
    CHECK(is_about((double)pacer_behind(&pacer, READ) / (double)second(),
                   0.99));
}

static void a_window_is_not_blamed_for_what_was_behind_as_it_opened(void)
{
    Pacer pacer = pacer_of(&(PacingPlan){.ios_per_s = {100}}, reads);

    pacer_reset_counts(&pacer, BEGIN + second());
    for (int i = 0; i < 100; i++) { /* it keeps the rate, a second late */
        pacer_issue(&pacer, READ, BLOCK, pacer_due(&pacer) + second());
    }
    pacer_end(&pacer, BEGIN + 2 * second());
    CHECK(pacer_behind(&pacer, READ) < second() / 1000);
    CHECK(is_about((double)pacer_scheduled(&pacer, READ) / (double)second(),
                   1));
}

static const TestCase tests[] = {
    TEST(without_a_rate_nothing_waits),
    TEST(ios_are_due_at_constant_gaps),
    TEST(a_device_that_stalls_does_not_delay_the_schedule),
    TEST(a_small_lateness_is_none),
    TEST(a_rate_of_bytes_goes_by_the_size_of_each),
    TEST(of_two_rates_the_stricter_holds),
    TEST(each_direction_of_a_mix_keeps_its_rate),
    TEST(a_direction_without_a_rate_has_the_time_that_is_left),
    TEST(a_shift_delays_all_that_is_to_come),
    TEST(reads_and_writes_of_a_mix_are_not_due_at_once),
    TEST(copies_begin_at_phases_of_their_own),
    TEST(who_is_in_time_is_not_behind_however_many_chance_had),
    TEST(who_stalls_is_behind_by_what_was_due_and_did_not_go),
    TEST(a_window_is_not_blamed_for_what_was_behind_as_it_opened),
    TEST(poisson_gaps_have_the_mean_of_the_rate_and_differ),
};

TEST_MAIN(tests)

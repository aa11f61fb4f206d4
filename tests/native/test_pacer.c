/* The pacer: schedules that depend on what is asked for, and on nothing else. */
#include "fixture.h"
#include "pacer.h"

#include <math.h>

enum { READ, WRITE, BLOCK = 4096, BEGIN = 1000 };

static const bool reads[PACED_DIRECTIONS] = {true};
static const bool both[PACED_DIRECTIONS] = {true, true};

static uint64_t second(void)
{
    return test_clock()->ticks_per_s;
}

static Pacer pacer_of(const PacingPlan *plan,
                      const bool uses[PACED_DIRECTIONS])
{
    Pacer pacer;

    pacer_init(&pacer, plan, uses, uses[WRITE], 7, test_clock());
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
    pacer_reset_counts(&pacer);
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
    TEST(poisson_gaps_have_the_mean_of_the_rate_and_differ),
};

TEST_MAIN(tests)

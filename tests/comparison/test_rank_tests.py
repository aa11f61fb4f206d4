"""Rank tests, against scipy's tests and cases with a known answer."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu, wilcoxon

from laiobench.comparison import power, rank_tests
from laiobench.comparison import shift as shift_module

ALPHAS = st.sampled_from([0.1, 0.05, 0.01, 0.0125])


def distinct(least: int, most: int) -> st.SearchStrategy[list[float]]:
    """Values with different magnitudes, none of them 0."""
    return st.lists(
        st.integers(-1000, 1000).filter(bool), min_size=least, max_size=most, unique_by=abs
    ).map(lambda numbers: [number + math.copysign(0.3, number) for number in numbers])


@given(distinct(1, 25), ALPHAS)
def test_the_interval_excludes_zero_exactly_when_the_exact_test_says_so(
    differences: list[float], alpha: float
) -> None:
    p = wilcoxon(differences, method="exact").pvalue
    shift = shift_module.paired(differences, alpha)
    assert shift.interval.excludes_zero == (p <= alpha)
    assert shift.p == pytest.approx(p)


@given(st.lists(st.integers(-3, 3), min_size=6, max_size=15), st.randoms(use_true_random=False))
def test_with_ties_and_zeros_a_shift_is_shown_only_if_it_is_however_they_are_broken(
    tied: list[int], generator: random.Random
) -> None:
    broken = [value + generator.uniform(-0.01, 0.01) for value in tied]
    if rank_tests.hodges_lehmann([float(value) for value in tied]).excludes_zero:
        assert wilcoxon(broken, method="exact").pvalue <= 0.05


@given(distinct(1, 12), st.floats(-50, 50))
def test_the_estimate_and_its_interval_move_with_the_values(
    differences: list[float], shift: float
) -> None:
    before = rank_tests.hodges_lehmann(differences)
    after = rank_tests.hodges_lehmann([value + shift for value in differences])
    assert after.estimate == pytest.approx(before.estimate + shift)
    assert after.low == pytest.approx(before.low + shift)
    assert after.high == pytest.approx(before.high + shift)
    assert before.low <= before.estimate <= before.high


@given(distinct(2, 24), ALPHAS)
def test_the_unpaired_interval_excludes_zero_exactly_when_mann_whitney_does(
    both: list[float], alpha: float
) -> None:
    half = len(both) // 2
    baseline, new = both[:half], both[half:]
    p = mannwhitneyu(baseline, new, method="exact").pvalue
    assert rank_tests.shift_interval(baseline, new, alpha).excludes_zero == (p <= alpha)
    assert shift_module.unpaired(baseline, new, alpha).p >= p * (1 - 1e-9)


def test_the_estimate_is_the_median_of_the_pairwise_means() -> None:
    # Walsh averages of 1, 2, 6: 1, 1.5, 2, 3.5, 4, 6.
    assert rank_tests.hodges_lehmann([1.0, 2.0, 6.0]).estimate == 2.75


@pytest.mark.parametrize(("pairs", "has_bounds"), [(1, False), (5, False), (6, True), (7, True)])
def test_at_95_percent_six_pairs_are_needed(pairs: int, has_bounds: bool) -> None:
    interval = rank_tests.hodges_lehmann([float(number) for number in range(1, pairs + 1)])
    assert interval.is_bounded == has_bounds
    assert rank_tests.pairs_for_interval(0.05) == rank_tests.MIN_PAIRS == 6


@pytest.mark.parametrize("alpha", [0.1, 0.05, 0.025, 0.0125, 0.01])
def test_the_fewest_pairs_of_a_level_are_the_fewest_that_have_an_interval(alpha: float) -> None:
    needed = rank_tests.pairs_for_interval(alpha)
    values = [float(number) for number in range(1, needed + 1)]
    assert rank_tests.hodges_lehmann(values, alpha).is_bounded
    assert not rank_tests.hodges_lehmann(values[:-1], alpha).is_bounded


@pytest.mark.parametrize("pairs", [6, 8, 10])
def test_the_interval_covers_the_truth_as_often_as_it_says(pairs: int) -> None:
    generator = random.Random(pairs)
    repeats = 2000
    covered = sum(
        not rank_tests.hodges_lehmann([generator.gauss(0, 1) for _ in range(pairs)]).excludes_zero
        for _ in range(repeats)
    )
    # 95 % at least, by less than a chance of one in a thousand.
    assert covered / repeats >= 0.95 - 3.1 * math.sqrt(0.95 * 0.05 / repeats)


@pytest.mark.parametrize("pairs", [6, 10, 24, 100])
def test_a_shift_of_the_smallest_visible_size_is_seen_in_four_of_five_cases(pairs: int) -> None:
    generator = random.Random(pairs)
    shift = power.visible_in_spreads(pairs)
    repeats = 600
    seen = sum(
        rank_tests.hodges_lehmann([generator.gauss(shift, 1) for _ in range(pairs)]).excludes_zero
        for _ in range(repeats)
    )
    assert 0.74 <= seen / repeats <= 0.86


def test_unpaired_too() -> None:
    generator = random.Random(1)
    shift = power.visible_in_spreads_unpaired(8, 6)
    repeats = 600
    seen = sum(
        rank_tests.shift_interval(
            [generator.gauss(0, 1) for _ in range(8)], [generator.gauss(shift, 1) for _ in range(6)]
        ).excludes_zero
        for _ in range(repeats)
    )
    assert 0.74 <= seen / repeats <= 0.86


def test_more_pairs_see_smaller_shifts_also_where_the_method_changes() -> None:
    visible = [power.visible_in_spreads(pairs) for pairs in (5, 6, 10, 20, 40, 60, 61, 80, 200)]
    assert visible == sorted(visible, reverse=True)
    assert visible[0] == math.inf


def test_the_pairs_that_see_a_shift_do_see_it_and_one_fewer_does_not() -> None:
    for shift in (0.02, 0.03, 0.05):
        pairs = power.pairs_to_see(shift, spread=0.04)
        assert 0.04 * power.visible_in_spreads(pairs) <= shift
        assert 0.04 * power.visible_in_spreads(pairs - 1) > shift


def test_the_pairs_for_a_width_give_about_that_width() -> None:
    generator = random.Random(3)
    pairs = power.pairs_for_width(0.02, spread=0.04)
    widths = [
        rank_tests.hodges_lehmann([generator.gauss(0, 0.04) for _ in range(pairs)]).width
        for _ in range(50)
    ]
    assert sum(widths) / 50 == pytest.approx(0.02, rel=0.15)


def test_a_sequential_run_stops_on_the_width_alone() -> None:
    rule = rank_tests.WidthRule(0.02)
    narrow = rank_tests.Interval(0.0, -0.005, 0.005)
    far_from_zero = rank_tests.Interval(1.0, 0.5, 1.5)
    assert rule.is_met(narrow, 6)
    assert not rule.is_met(narrow, 5)
    assert not rule.is_met(far_from_zero, 100)
    assert not rule.is_met(rank_tests.Interval(0.0, -math.inf, math.inf), 100)


def test_equal_values_are_no_difference_and_have_no_width() -> None:
    shift = shift_module.paired([0.0] * 8)
    assert (shift.interval.low, shift.interval.high, shift.p) == (0.0, 0.0, 1.0)
    assert shift.smallest_visible == 0.0
    assert shift_module.unpaired([1.0] * 5, [1.0] * 5).p == 1.0


def test_ratios_need_values_above_zero() -> None:
    assert shift_module.log_ratios([1.0, 2.0], [2.0, 2.0]) == [math.log(2), 0.0]
    for bad in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="above 0"):
            shift_module.log_ratios([1.0], [bad])


def test_adjusted_p_values_are_those_of_benjamini_and_hochberg() -> None:
    assert rank_tests.benjamini_hochberg([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.04, 0.04])
    assert rank_tests.benjamini_hochberg([]) == []

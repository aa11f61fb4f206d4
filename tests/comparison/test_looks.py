"""Looks at a comparison: the part of α that each may use, and anytime-valid intervals."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laiobench.comparison.anytime import anytime_interval, anytime_p, fewest_pairs
from laiobench.comparison.looks import PLANNED, RESERVE, UNTIL_DECIDED, Looks, live_looks
from laiobench.comparison.rank_tests import hodges_lehmann
from laiobench.results.comparison import Design

NUMBERS = st.lists(st.integers(-60, 100).map(lambda n: n / 7), min_size=6, max_size=30)
SHARES = st.sampled_from([0.05, 0.01, 0.005])


@given(NUMBERS, SHARES)
def test_the_always_valid_interval_excludes_zero_exactly_when_its_p_says_so(
    differences: list[float], alpha: float
) -> None:
    interval = anytime_interval(differences, alpha)
    assert interval.low <= interval.estimate <= interval.high
    if anytime_p(differences) > alpha:
        assert not interval.excludes_zero


def test_what_was_shown_stays_shown() -> None:
    clear = [1.0 + n / 100 for n in range(12)]
    assert anytime_p([*clear, *[-2.0] * 5]) <= anytime_p(clear) <= 0.05


def test_more_pairs_narrow_it_and_it_is_wider_than_that_of_one_look() -> None:
    generator = random.Random(1)
    d = [generator.gauss(0, 1) for _ in range(60)]
    widths = [anytime_interval(d[:pairs], 0.05).width for pairs in (10, 20, 40, 60)]
    assert widths == sorted(widths, reverse=True)
    assert all(
        anytime_interval(d[:pairs], 0.05).width > hodges_lehmann(d[:pairs], 0.05).width
        for pairs in (10, 20, 40, 60)
    )


def test_too_few_pairs_have_no_bounds_and_equal_ones_no_width() -> None:
    assert fewest_pairs(0.05) == 7
    assert not anytime_interval([1.0, 2.0, 3.0], 0.05).is_bounded
    same = anytime_interval([0.3] * 12, 0.05)
    assert (same.low, same.high) == (0.3, 0.3)
    assert anytime_interval([0.0] * 12, 0.05).width == 0


def design(**more: object) -> Design:
    return Design.model_validate({"seed": 1, "pairs": 10, **more})


@pytest.mark.parametrize(
    ("made", "pairs", "is_end", "expected"),
    [
        (design(), 10, True, PLANNED),
        (design(), 7, True, PLANNED),  # the time was over: nobody had looked
        (design(), 7, False, Looks(0, 0.0, RESERVE)),  # it was stopped
        (design(looks=[10]), 20, True, Looks(10, 1 - RESERVE, RESERVE)),  # and gone on with
        (design(looks=[8, 24]), 8, True, Looks(share=(1 - RESERVE) / 2)),
        (design(looks=[8, 24]), 24, True, Looks(share=(1 - RESERVE) / 2)),
        (design(looks=[8, 24]), 30, True, Looks(24, (1 - RESERVE) / 2, RESERVE)),
        (design(until_decided=True), 12, False, UNTIL_DECIDED),
    ],
)
def test_what_may_be_used_now(made: Design, pairs: int, is_end: bool, expected: Looks) -> None:
    assert live_looks(made, pairs, is_end=is_end) == expected


@given(NUMBERS, st.integers(6, 12))
def test_a_comparison_that_is_gone_on_with_keeps_what_its_plan_had_shown(
    differences: list[float], planned: int
) -> None:
    planned = min(planned, len(differences))
    first = Looks(share=0.9).interval(differences[:planned], 0.05)
    now = Looks(planned, 0.9, 0.1).interval(differences, 0.05)
    assert Looks(planned, 0.9, 0.1).p(differences) <= Looks(share=0.9).p(differences[:planned])
    if math.isfinite(first.low) and now.low <= now.high:
        drifted = anytime_interval(differences, 0.005)
        assert now == drifted or (now.low >= first.low and now.high <= first.high)

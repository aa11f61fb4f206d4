"""A change of the size that a table says it could see is seen, at its level, in other pairs.

Simulations of pairs' log ratios, by the functions that the tables use.  A table has seven
metrics here, as one of a job that reads has.
"""

import math

import numpy as np
import pytest

from laiobench.comparison.looks import ONCE, PLANNED, Looks
from laiobench.comparison.power import pairs_to_see, visible_in_spreads
from laiobench.comparison.rank_tests import ALPHA, benjamini_hochberg
from laiobench.results.comparison import Design
from repeats import FACTOR, fewest_by_chance, most_by_chance

pytestmark = pytest.mark.slow

REPEATS = 1_500 * FACTOR
FAMILY = 7


def is_called(differences: np.ndarray, others: np.ndarray, looks: Looks) -> bool:
    """Whether a table calls this metric, among others in which there is nothing."""
    p = [looks.p([float(value) for value in row]) for row in (differences, *others)]
    return benjamini_hochberg(p)[0] <= ALPHA


@pytest.mark.parametrize("pairs", [10, 16, 24])
def test_a_change_of_the_size_that_could_be_seen_is_called_in_four_of_five_tables(
    pairs: int,
) -> None:
    generator = np.random.default_rng(pairs)
    called = 0
    for _ in range(REPEATS):
        spread = generator.standard_normal(pairs).std(ddof=1)  # of the table that says it
        shift = spread * PLANNED.visible_in_spreads(pairs, ALPHA / FAMILY)
        noise = generator.standard_normal((FAMILY, pairs))
        called += is_called(noise[0] + shift, noise[1:], PLANNED)
    assert called >= fewest_by_chance(0.80, REPEATS)
    assert called <= most_by_chance(0.90, REPEATS)  # and not far more: it would be no size


def test_what_was_said_before_was_not_called() -> None:
    """At the raw level, and with the spread as if it were known."""
    generator = np.random.default_rng(1)
    called = 0
    for _ in range(REPEATS):
        spread = generator.standard_normal(10).std(ddof=1)
        noise = generator.standard_normal((FAMILY, 10))
        shift = spread * visible_in_spreads(10, ALPHA)
        called += is_called(noise[0] + shift, noise[1:], ONCE)
    assert called < fewest_by_chance(0.60, REPEATS)


@pytest.mark.parametrize("noise", [0.03, 0.06, 0.10])
def test_the_pairs_that_a_calibration_asks_for_see_ten_percent(noise: float) -> None:
    generator = np.random.default_rng(7)
    calibrated, effect, seen = 10, math.log1p(0.10), 0
    for _ in range(REPEATS):
        spread = float(noise * generator.standard_normal(calibrated).std(ddof=1))
        level = PLANNED.share * ALPHA / FAMILY
        pairs = pairs_to_see(effect, round(spread, 4), level, freedom=calibrated - 1)
        drawn = noise * generator.standard_normal((FAMILY, pairs))
        seen += is_called(drawn[0] + effect, drawn[1:], PLANNED)
    assert seen >= fewest_by_chance(0.80, REPEATS)


def test_a_gate_calls_the_loss_that_it_says() -> None:
    """(1 + what is allowed) (1 + what could be seen) − 1, at a planned end."""
    generator = np.random.default_rng(5)
    pairs, allowed, alpha, noise, called = 24, 0.10, ALPHA / 3, 0.05, 0
    looks = Looks(share=PLANNED.share / 2)  # the second of two
    for _ in range(REPEATS):
        spread = noise * generator.standard_normal(pairs).std(ddof=1)
        visible = math.expm1(spread * looks.visible_in_spreads(pairs, alpha))
        loss = (1 + allowed) * (1 + visible) - 1
        d = noise * generator.standard_normal(pairs) + math.log1p(loss)
        low = looks.interval([float(value) for value in d], alpha).low
        called += low > math.log1p(allowed)
    assert fewest_by_chance(0.80, REPEATS) <= called <= most_by_chance(0.90, REPEATS)


def test_what_is_at_the_margin_is_not_as_good() -> None:
    """Equivalence is claimed falsely in at most 2.5 %: the interval's one side."""
    generator = np.random.default_rng(3)
    margin, claimed = 0.02, 0
    for _ in range(REPEATS):
        d = 0.01 * generator.standard_normal(12) + margin
        interval = PLANNED.interval([float(value) for value in d], ALPHA)
        claimed += -margin < interval.low and interval.high < margin
    assert claimed <= most_by_chance(0.025, REPEATS)


def test_a_design_of_before_is_read_as_one_that_was_looked_at_once() -> None:
    old = Design(seed=1, pairs=10)
    assert (old.looks, old.until_decided, old.order) == ([], False, "abba")

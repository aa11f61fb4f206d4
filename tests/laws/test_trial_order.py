"""Error rates of the order of trials: noise is not called a difference more often than stated.

The order that is used is laid over noises that take sides, and the test that is used
counts.  The numbers are the machine's alone here; nothing is measured.
"""

import math
import random
from collections.abc import Callable

import pytest

from laiobench.comparison.rank_tests import hodges_lehmann
from laiobench.comparison.trial_order import slots
from laiobench.results.comparison import TrialOrder
from repeats import FACTOR, fewest_by_chance, most_by_chance

pytestmark = pytest.mark.slow

REPEATS = 2_000 * FACTOR
PAIRS = 10

Noise = Callable[[random.Random], Callable[[int], float]]
"""Of a comparison: what a trial is slower by, at its place."""


def periodic(period: float) -> Noise:
    """Each `period` trials something happens, as a timer that ticks does."""

    def begin(generator: random.Random) -> Callable[[int], float]:
        phase = generator.uniform(0, period)
        return lambda place: float((place + phase) % period < period / 2) + generator.gauss(0, 0.05)

    return begin


def drifting(generator: random.Random) -> Callable[[int], float]:
    return lambda place: 0.05 * place + generator.gauss(0, 0.05)


def called_different(noise: Noise, order: TrialOrder, seed: int) -> bool:
    generator = random.Random(seed)
    slower = noise(generator)
    sides: tuple[list[float], list[float]] = ([], [])
    for place, slot in enumerate(slots(2, PAIRS, generator.getrandbits(32), order)):
        sides[slot.variant].append(slower(place))
    differences = [new - old for old, new in zip(*sides, strict=True)]
    return hodges_lehmann(differences).excludes_zero


def count(noise: Noise, order: TrialOrder) -> int:
    return sum(called_different(noise, order, seed) for seed in range(REPEATS))


@pytest.mark.parametrize("period", [3, 4, 5, 6, math.pi])
def test_periods_of_three_to_six_trials_are_no_difference(period: float) -> None:
    assert count(periodic(period), "pairs") <= most_by_chance(0.05, REPEATS)


def test_a_drift_is_no_difference() -> None:
    assert count(drifting, "pairs") <= most_by_chance(0.05, REPEATS)


def test_the_order_of_before_breaks_this_law() -> None:
    assert count(periodic(5), "abba") > most_by_chance(0.05, REPEATS)


def test_the_test_does_use_its_five_percent() -> None:
    """At 10 pairs the exact test has 4.9 %: it is not passed by never calling anything."""
    assert count(periodic(3), "pairs") >= fewest_by_chance(0.03, REPEATS)

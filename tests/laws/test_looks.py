"""However often one looks, false calls stay below 5 % over all looks together.

A comparison is looked at after each pair from the sixth to the sixtieth, in noises of which
none is normal and steady.  It counts as called if any look called it.
"""

from collections.abc import Callable

import numpy as np
import pytest

from laiobench.comparison.anytime import log_evidence
from laiobench.comparison.looks import PLANNED, RESERVE, Looks
from laiobench.comparison.rank_tests import ALPHA, hodges_lehmann
from repeats import FACTOR, fewest_by_chance, most_by_chance

pytestmark = pytest.mark.slow

REPEATS = 3_000 * FACTOR
MOST = 60
Noise = Callable[[np.random.Generator], np.ndarray]


def normal(generator: np.random.Generator) -> np.ndarray:
    return generator.standard_normal((REPEATS, MOST))


def heavy_tails(generator: np.random.Generator) -> np.ndarray:
    return generator.standard_t(2, (REPEATS, MOST))


def growing(generator: np.random.Generator) -> np.ndarray:
    return normal(generator) * np.geomspace(1, 10, MOST)


def shrinking(generator: np.random.Generator) -> np.ndarray:
    return normal(generator) * np.geomspace(10, 1, MOST)


def sticky_modes(generator: np.random.Generator) -> np.ndarray:
    """A slow state that lasts some pairs; the coin of each pair says whom it hits."""
    slow = np.zeros((REPEATS, MOST))
    state = generator.random(REPEATS) < 0.2
    for at in range(MOST):
        state = np.where(generator.random(REPEATS) < 0.2, generator.random(REPEATS) < 0.3, state)
        slow[:, at] = state
    sign = generator.choice([-1.0, 1.0], (REPEATS, MOST))
    return sign * (slow + 0.1 * np.abs(generator.standard_normal((REPEATS, MOST))))


NOISES = [normal, heavy_tails, growing, shrinking, sticky_modes]


def ever(differences: np.ndarray, alpha: float) -> np.ndarray:
    """Whether each row was called until its end."""
    return log_evidence(differences)[:, -1] >= -np.log(alpha)


def numbers(row: np.ndarray) -> list[float]:
    return [float(value) for value in row]


@pytest.mark.parametrize("noise", NOISES)
def test_looking_until_it_is_decided_calls_nothing_falsely(noise: Noise) -> None:
    called = int(ever(noise(np.random.default_rng(1)), ALPHA).sum())
    assert fewest_by_chance(0.02, REPEATS) <= called <= most_by_chance(0.05, REPEATS)


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("planned", [8, 10, 20])
def test_resuming_with_more_pairs_after_a_look_calls_nothing_falsely(
    noise: Noise, planned: int
) -> None:
    drawn = noise(np.random.default_rng(2))
    first = np.array([PLANNED.p(numbers(row[:planned])) <= ALPHA for row in drawn])
    called = int((first | ever(drawn, ALPHA * RESERVE)).sum())
    assert called <= most_by_chance(0.05, REPEATS)


def test_the_test_for_one_look_breaks_this_law() -> None:
    drawn = normal(np.random.default_rng(3))[: REPEATS // 3]
    looks = (10, 15, 20, 30, 40, 60)
    called = sum(
        any(hodges_lehmann(numbers(row[:pairs])).excludes_zero for pairs in looks) for row in drawn
    )
    assert called > most_by_chance(0.10, len(drawn))


@pytest.mark.parametrize("noise", NOISES)
def test_a_gates_two_looks_call_no_loss_that_is_just_allowed(noise: Noise) -> None:
    """Only one side is a loss: 2.5 %."""
    drawn, looks = noise(np.random.default_rng(4)), Looks(share=PLANNED.share / 2)
    called = sum(
        any(looks.interval(numbers(row[:pairs]), ALPHA).low > 0 for pairs in (8, 24))
        for row in drawn
    )
    assert called <= most_by_chance(0.025, REPEATS)


def pairs_for_four_of_five(called: np.ndarray) -> int:
    """`called`: a row a repeat, a column a number of pairs."""
    return int(np.argmax(called.mean(axis=0) >= 0.8)) + 1


@pytest.mark.parametrize(
    ("shift", "price", "until"), [(0.5, 1.9, 1.35), (0.8, 1.9, 1.4), (1.2, 1.9, 1.4)]
)
def test_the_price_in_pairs_is_what_the_page_says(shift: float, price: float, until: float) -> None:
    """Against one planned look: so many times the pairs for the same power, and on average
    so many times until it is called; in deviations of the pairs."""
    drawn = np.random.default_rng(5).standard_normal((REPEATS // 3, 3 * MOST)) + shift
    fixed = next(
        pairs
        for pairs in range(6, MOST)
        if np.mean([hodges_lehmann(numbers(row[:pairs])).excludes_zero for row in drawn[:600]])
        >= 0.8
    )
    called = log_evidence(drawn) >= -np.log(ALPHA)
    assert 1.2 * fixed <= pairs_for_four_of_five(called) <= price * fixed
    assert float((np.argmax(called, axis=1) + 1).mean()) <= until * fixed

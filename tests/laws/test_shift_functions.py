"""Error rates of shift functions: their bounds hold at all percentiles together.

Trials are drawn: each has a pace of its own, and a tail of its own, as those of a device
have.  Everything from their percentiles on is what comparisons use.
"""

from collections.abc import Callable

import numpy as np
import pytest

from laiobench.comparison import sign_flips
from laiobench.comparison.distributions import PERCENTILES
from repeats import FACTOR, fewest_by_chance, most_by_chance

pytestmark = pytest.mark.slow

REPEATS = 600 * FACTOR
PAIRS = 10
IOS = 1_000
AT = np.array([at for at in PERCENTILES if 2.5 <= at <= 97.5])
LEVEL = 0.05

Floats = np.ndarray


def trials(generator: np.random.Generator, slower: Callable[[Floats], Floats]) -> Floats:
    """The logarithms of the percentiles of so many trials, a row each."""
    pace = generator.standard_t(3, (PAIRS, 1)) * 0.003
    tail = 1 + 0.2 * generator.random((PAIRS, 1))
    values = pace + tail * generator.standard_exponential((PAIRS, IOS)) * 0.3
    return np.asarray(np.percentile(slower(np.sort(values, axis=1)), AT, axis=1).T)


def same(values: Floats) -> Floats:
    return values


def tail_slower(values: Floats) -> Floats:
    """From p90 on by 1.3 times."""
    shifted = values.copy()
    shifted[:, int(0.9 * IOS) :] += np.log(1.3)
    return shifted


def bounds(slower: Callable[[Floats], Floats], seed: int) -> tuple[Floats, Floats]:
    generator = np.random.default_rng(seed)
    differences = trials(generator, slower) - trials(generator, same)
    _, low, high = sign_flips.bands(differences, LEVEL)
    return low, high


def test_where_nothing_differs_no_percentile_is_called_in_95_of_100() -> None:
    called = 0
    for seed in range(REPEATS):
        low, high = bounds(same, seed)
        called += bool(((low > 0) | (high < 0)).any())
    assert called <= most_by_chance(LEVEL, REPEATS)
    assert called >= fewest_by_chance(LEVEL / 2, REPEATS)  # and not by calling nothing


def test_a_tail_that_is_slower_is_found_and_nothing_below_it() -> None:
    found = below = 0
    for seed in range(REPEATS // 2):
        low, high = bounds(tail_slower, seed)
        found += bool((low[AT >= 92] > 0).all())
        below += bool(((low > 0) | (high < 0))[AT < 89].any())
    assert found >= fewest_by_chance(0.9, REPEATS // 2)
    assert below <= most_by_chance(LEVEL, REPEATS // 2)


def test_bounds_of_each_percentile_alone_break_this_law() -> None:
    called = 0
    for seed in range(REPEATS // 3):
        generator = np.random.default_rng(seed)
        differences = trials(generator, same) - trials(generator, same)
        for column in range(0, len(AT), 4):
            _, low, high = sign_flips.bands(differences[:, column : column + 1], LEVEL)
            if low[0] > 0 or high[0] < 0:
                called += 1
                break
    assert called > most_by_chance(LEVEL, REPEATS // 3)

"""What kind of noise trials have, where it is not the kind that a median and a spread tell.

Knows numbers alone: the values of one side's trials, in the order in which they were made.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from laiobench.comparison.numerics import np

MIN_TRIALS = 10
"""Fewer show neither."""

_FEWEST_OF_A_KIND = 2
_APART = 7.0  # times the deviation within the kinds: of normal noise 1 of 200 sides at most
_CORRELATED = 3.3  # standard errors: 1 of 1,000


@dataclass(frozen=True)
class Kinds:
    """Trials of two kinds."""

    share: float
    """How many are of the rarer kind."""
    ratio: float
    """Its median, by that of the others."""


def two_kinds(values: Sequence[float]) -> Kinds | None:
    """Whether the values are of two kinds, far apart for how close each is; else None.

    Args:
        values: all above 0.
    """
    ordered = np.sort(np.log(np.asarray(values, dtype=np.float64)))
    if len(ordered) < MIN_TRIALS:
        return None
    places = range(_FEWEST_OF_A_KIND, len(ordered) - _FEWEST_OF_A_KIND + 1)
    cut = max(places, key=lambda at: float(ordered[at] - ordered[at - 1]))
    low, high = ordered[:cut], ordered[cut:]
    squares = float(((low - low.mean()) ** 2).sum() + ((high - high.mean()) ** 2).sum())
    within = math.sqrt(squares / (len(ordered) - 2))
    apart = float(np.median(high) - np.median(low))
    gap = float(high[0] - low[-1])
    # The gap as well: the halves of one kind lie far apart, but nothing lies between two.
    if apart <= _APART * within or gap <= apart / 2:
        return None
    rare, common = (high, low) if len(high) <= len(low) else (low, high)
    ratio = math.exp(float(np.median(rare) - np.median(common)))
    return Kinds(share=len(rare) / len(ordered), ratio=ratio)


def correlation(values: Sequence[float]) -> float | None:
    """How a trial's value follows the one before, by ranks; None where that may be chance.

    Args:
        values: in the order in which they were made, each by the median of its side.
    """
    if len(values) < MIN_TRIALS:
        return None
    numbers = np.asarray(values, dtype=np.float64)
    ordered = np.sort(numbers)
    ranks = np.searchsorted(ordered, numbers) + np.searchsorted(ordered, numbers, side="right")
    ranks = ranks - ranks.mean()  # of equal values the mean rank, twice
    total = float((ranks**2).sum())
    if not total:
        return None
    found = float((ranks[1:] * ranks[:-1]).sum()) / total
    expected = -1 / len(values)
    return found if abs(found - expected) * math.sqrt(len(values)) > _CORRELATED else None


def by_median(values: Sequence[float]) -> list[float]:
    """So that sides can be told in one series."""
    middle = statistics.median(values)
    return [value / middle for value in values]

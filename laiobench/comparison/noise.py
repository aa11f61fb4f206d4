"""Finds noise that a median and a spread do not describe: two kinds of trials, correlation.

Knows numbers alone: the values of the trials of one side, in the order of running.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from laiobench.comparison.numerics import np

MIN_TRIALS = 10
"""With fewer trials neither kind of noise can be found."""

_FEWEST_OF_A_KIND = 2
_APART = (
    7.0  # times the deviation within the kinds; normal noise exceeds it in at most 1 of 200 sides
)
_CORRELATED = 3.3  # standard errors, which independent trials exceed once in 1,000


@dataclass(frozen=True)
class Kinds:
    """Two kinds of trials: the values of each are close together, and far from the others."""

    share: float
    """The share of trials that are of the rarer kind."""
    ratio: float
    """The median of the rarer kind / the median of the others."""


def two_kinds(values: Sequence[float]) -> Kinds | None:
    """The two kinds that the values are of, far apart and each close together; else None.

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
    # The gap must be wide, too: two halves of one kind have distant medians, but no gap.
    if apart <= _APART * within or gap <= apart / 2:
        return None
    rare, common = (high, low) if len(high) <= len(low) else (low, high)
    ratio = math.exp(float(np.median(rare) - np.median(common)))
    return Kinds(share=len(rare) / len(ordered), ratio=ratio)


def correlation(values: Sequence[float]) -> float | None:
    """The rank correlation of a trial's value with the one before; None: it may be chance.

    Args:
        values: in the order of running, each divided by the median of its side.
    """
    if len(values) < MIN_TRIALS:
        return None
    numbers = np.asarray(values, dtype=np.float64)
    ordered = np.sort(numbers)
    ranks = np.searchsorted(ordered, numbers) + np.searchsorted(ordered, numbers, side="right")
    ranks = ranks - ranks.mean()  # twice the mean rank of equal values
    total = float((ranks**2).sum())
    if not total:
        return None
    found = float((ranks[1:] * ranks[:-1]).sum()) / total
    expected = -1 / len(values)
    return found if abs(found - expected) * math.sqrt(len(values)) > _CORRELATED else None


def by_median(values: Sequence[float]) -> list[float]:
    """Values divided by their median, so that those of several sides make one series."""
    middle = statistics.median(values)
    return [value / middle for value in values]

"""Switching between two levels: how well that explains a series.

Some machines have two states, and stay in each of them for a while.  A switch between them is not
a change for good, even if a step fits part of the series well.  Knows only numbers.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from laiobench.comparison.numerics import np

if TYPE_CHECKING:
    import numpy.typing as npt

    from laiobench.comparison.numerics import Floats

FEWEST_SWITCHES = 3
"""There, back, and there again.  Two may be a change that was undone."""

_LEAST_NOISE = 1e-4
_ROUNDS = 8


class Switching(NamedTuple):
    """The most likely sequence of levels."""

    misfit: float
    """−2 log likelihood with white noise, without the price of the switches."""
    switches: int


def switching(values: Sequence[float], price: float) -> Switching:
    """Fit two levels, and the most likely sequence of switches between them.

    Args:
        values: at least two, in the order of time.
        price: the price of a switch, in −2 log likelihood.
    """
    series = np.asarray(values, dtype=np.float64)
    n = len(series)
    is_high = np.asarray(series > _middle(series))
    squares, switches = math.inf, n
    for _ in range(_ROUNDS):
        if is_high.all() or not is_high.any():
            break
        low, high = series[~is_high].mean(), series[is_high].mean()
        squares = float(((series - np.where(is_high, high, low)) ** 2).sum())
        switches = int((is_high[1:] != is_high[:-1]).sum())
        spread2 = squares / n + _LEAST_NOISE**2
        way = _way((series - low) ** 2 / spread2, (series - high) ** 2 / spread2, price)
        if (way == is_high).all():
            break
        is_high = way
    return Switching(n * math.log(squares + n * _LEAST_NOISE**2), switches)


def _middle(series: "Floats") -> float:
    """The threshold between two groups with the least sum of squares (Otsu 1979)."""
    ordered = np.sort(series)
    below = np.arange(1, len(series))
    sums = np.cumsum(ordered)[:-1]
    between = (sums - below * ordered.mean()) ** 2 / (below * (len(series) - below))
    at = int(between.argmax())
    return float(ordered[at] + ordered[at + 1]) / 2


def _way(low: "Floats", high: "Floats", price: float) -> "npt.NDArray[np.bool_]":
    """Which values are at the high level, at the least total cost (Viterbi).

    Args:
        low, high: the cost of each value at either level.
        price: the cost of a switch.
    """
    came: list[tuple[bool, bool]] = []
    at_low, at_high = float(low[0]), float(high[0])
    for to_low, to_high in zip(low[1:].tolist(), high[1:].tolist(), strict=True):
        came.append((at_high + price < at_low, at_low + price < at_high))
        from_low, from_high = at_low, at_high
        at_low = min(from_low, from_high + price) + to_low
        at_high = min(from_high, from_low + price) + to_high
    way = [at_high < at_low]
    for low_from_high, high_from_low in reversed(came):
        switched = high_from_low if way[-1] else low_from_high
        way.append(way[-1] != switched)
    return np.array(way[::-1])

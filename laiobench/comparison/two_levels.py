"""A level that goes to and fro between two: how well that alone explains a series.

Some machines have two states, and stay in one for a while.  Neither is for good, however
well one step between them fits a part of the series.  Knows numbers alone.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from laiobench.comparison.numerics import np

if TYPE_CHECKING:
    import numpy.typing as npt

    from laiobench.comparison.numerics import Floats

FEWEST_SWITCHES = 3
"""There, back, and there again: fewer may be a change that was undone."""

_LEAST_NOISE = 1e-4
_ROUNDS = 8


class ToAndFro(NamedTuple):
    """The likeliest way."""

    misfit: float
    """−2 log likelihood under white noise, without what the switches are worth."""
    switches: int


def to_and_fro(values: Sequence[float], price: float) -> ToAndFro:
    """The way between two levels that explains a series best.

    Args:
        values: at least two, in the order of time.
        price: of a switch, in −2 log likelihood.
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
    return ToAndFro(n * math.log(squares + n * _LEAST_NOISE**2), switches)


def _middle(series: "Floats") -> float:
    """Between the two groups that leave the least squares (Otsu 1979)."""
    ordered = np.sort(series)
    below = np.arange(1, len(series))
    sums = np.cumsum(ordered)[:-1]
    between = (sums - below * ordered.mean()) ** 2 / (below * (len(series) - below))
    at = int(between.argmax())
    return float(ordered[at] + ordered[at + 1]) / 2


def _way(low: "Floats", high: "Floats", price: float) -> "npt.NDArray[np.bool_]":
    """Which of both each value is of, so that costs and switches come to the least (Viterbi)."""
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

"""Analyses the shift between two samples: estimate, interval, p-value, smallest visible shift.

This is the interface of the rank tests and their power for all who compare.  Values are
log(variant / baseline), so that a shift is a ratio.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from laiobench.comparison.numerics import Floats

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from laiobench.comparison.looks import ONCE, Looks
from laiobench.comparison.power import visible_in_spreads_unpaired
from laiobench.comparison.rank_tests import (
    ALPHA,
    Interval,
    check_share,
    finite,
    mann_whitney_brunner_munzel_p,
    shift_interval,
)


@dataclass(frozen=True)
class Shift:
    """How far two samples are apart, as logarithms, and how sure that is."""

    interval: Interval
    p: float
    """Two-sided; for pairs it is at most α exactly if the interval of level 1 − α excludes 0."""
    spread: float
    """Standard deviation of the pairs' differences, or of both samples together."""
    smallest_visible: float
    """The least shift that as many trials show in 80 % of cases, at the interval's level.

    It allows for the uncertainty of the spread.
    """


Analyse = Callable[[Sequence[float], Sequence[float], float, bool], Shift]
"""Takes the values of both sides, on the scale on which their difference is the shift (see `rows`),
α, and whether the smallest visible shift is wanted."""


# ---- pairs -----------------------------------------------------------------------


def log_ratios(baseline: Sequence[float], variant: Sequence[float]) -> list[float]:
    """log(variant / baseline) of each pair.

    Raises:
        ValueError: a value is not above 0, or the lengths differ.
    """
    pairs = list(zip(baseline, variant, strict=True))
    if any(not (math.isfinite(value) and value > 0) for pair in pairs for value in pair):
        raise ValueError("a ratio needs values above 0")
    # Not the logarithm of the ratio, which may overflow.
    return [math.log(new) - math.log(old) for old, new in pairs]


def paired(
    differences: Sequence[float],
    alpha: float = ALPHA,
    looks: Looks = ONCE,
    *,
    with_power: bool = True,
) -> Shift:
    """Analyse the shift between the sides of pairs.

    Args:
        differences: the log ratio of each pair, all finite, in the order of running.
        alpha: the level of the interval is 1 − alpha.
        looks: which part of alpha this look may use.
        with_power: whether to compute the smallest visible shift, which takes simulations;
            else it is NaN.

    Raises:
        ValueError: there is no pair, or alpha is no share.
    """
    d = finite(differences)
    check_share(alpha)
    spread = _spread(d)
    visible = looks.visible_in_spreads(len(d), alpha) if with_power else math.nan
    return Shift(
        interval=looks.interval(differences, alpha),
        p=looks.p(differences),
        spread=spread,
        smallest_visible=_scaled(spread, visible) if with_power else math.nan,
    )


# ---- two samples -----------------------------------------------------------------


def unpaired(baseline: Sequence[float], new: Sequence[float], alpha: float = ALPHA) -> Shift:
    """Analyse the shift between two independent samples.

    Args:
        baseline, new: logarithms of the values of trials or sessions.
        alpha: the level of the interval is 1 − alpha.

    Raises:
        ValueError: a sample is empty, or alpha is no share.
    """
    x, y = finite(baseline), finite(new)
    check_share(alpha)
    spread = pooled_spread(x, y)
    return Shift(
        interval=shift_interval(baseline, new, alpha),
        p=mann_whitney_brunner_munzel_p(baseline, new),
        spread=spread,
        smallest_visible=_scaled(spread, visible_in_spreads_unpaired(len(x), len(y), alpha)),
    )


def _spread(values: "Floats") -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else math.inf


def pooled_spread(x: "Floats", y: "Floats") -> float:
    """The standard deviation of both samples together, each about its own mean."""
    freedom = len(x) + len(y) - 2
    if freedom < 1:
        return math.inf
    squares = ((x - x.mean()) ** 2).sum() + ((y - y.mean()) ** 2).sum()
    return math.sqrt(float(squares) / freedom)


def _scaled(spread: float, visible: float) -> float:
    return spread * visible if math.isfinite(visible) else math.inf  # 0 × ∞ too

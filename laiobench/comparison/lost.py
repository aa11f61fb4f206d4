"""Metrics that were measurable on the baseline but not on the variant: it got far worse.

A much slower variant completes so few I/Os that too few are beyond a percentile.  A lower
bound of that percentile still tells how much slower the variant is at least.  Knows values;
tests are the caller's.
"""

import math
from collections.abc import Sequence

from laiobench.comparison.rows import logs
from laiobench.comparison.shift import Analyse
from laiobench.comparison.values import Unmeasurable, Value, lower_bound


def is_lost(baseline: Sequence[Value], variant: Sequence[Value]) -> bool:
    """Whether all values of the baseline could be measured, but not all of the variant."""
    return bool(baseline) and not _lacks(baseline) and _lacks(variant)


def at_least(
    baseline: Sequence[Value], variant: Sequence[Value], analyse: Analyse, alpha: float
) -> float | None:
    """A bound that variant / baseline is surely not below; None: there is none.

    Args:
        baseline, variant: the values of trials.
        analyse: the test of the table.
        alpha: the level of the bound is 1 − alpha.
    """
    measured = [value for value in baseline if isinstance(value, float) and value > 0]
    bounds = [bound for value in variant if (bound := lower_bound(value)) is not None and bound > 0]
    if len(measured) != len(baseline) or len(bounds) != len(variant):
        return None
    low = analyse(logs(measured), logs(bounds), alpha, False).interval.low
    return math.exp(low) if math.isfinite(low) and low < 700 else None


def _lacks(side: Sequence[Value]) -> bool:
    return any(isinstance(value, Unmeasurable) for value in side)

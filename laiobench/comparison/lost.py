"""What was measurable on the baseline and is not on the variant: a change too large to measure.

A slower variant completes fewer I/Os, until a percentile has too few beyond it.  What it surely is
not below still tells how much slower it is at least.  Knows values, and no tests of its own.
"""

import math
from collections.abc import Sequence

from laiobench.comparison.shift import Analyse
from laiobench.comparison.values import Unmeasurable, Value, lower_bound


def is_lost(baseline: Sequence[Value], variant: Sequence[Value]) -> bool:
    """Whether all of the baseline could be measured, and not all of the variant."""
    return bool(baseline) and not _lacks(baseline) and _lacks(variant)


def at_least(
    baseline: Sequence[Value], variant: Sequence[Value], analyse: Analyse, alpha: float
) -> float | None:
    """What variant / baseline surely is not below; None if that is not known."""
    measured = [value for value in baseline if isinstance(value, float) and value > 0]
    bounds = [bound for value in variant if (bound := lower_bound(value)) is not None and bound > 0]
    if len(measured) != len(baseline) or len(bounds) != len(variant):
        return None
    low = analyse(measured, bounds, alpha, False).interval.low
    return math.exp(low) if math.isfinite(low) and low < 700 else None


def _lacks(side: Sequence[Value]) -> bool:
    return any(isinstance(value, Unmeasurable) for value in side)

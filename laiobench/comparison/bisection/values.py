"""Converts the values of revisions' trials, for the search and for people.

A search takes logarithms that are higher if the value is worse; people read relative
changes.  Pure.
"""

import math
import statistics
from collections.abc import Sequence

from laiobench.comparison.bisection.level_and_step import Step
from laiobench.comparison.values import Unmeasurable, Value
from laiobench.results.bisection import StepChange
from laiobench.results.metrics import Metric

_95 = 1.96


def worse(value: Value | None, kind: Metric) -> float | Unmeasurable:
    """The logarithm of a metric's value, with the sign by which more is worse.

    If the value has no logarithm: why.
    """
    if value is None:
        return Unmeasurable(f"it has no {kind.title}")
    if isinstance(value, Unmeasurable):
        return value
    if not value > 0:
        return Unmeasurable(f"its {kind.title} is 0, of which there is no ratio")
    return math.log(value) * (1 if kind.better == "lower" else -1)


def changes(revisions: Sequence[int], values: Sequence[float]) -> dict[int, float]:
    """The relative change of each revision, above 0 if it is worse than revision 0.

    Each trial is compared with the trials of revision 0 before and after it.

    Args:
        revisions: the revision of each trial, in the order of running.
        values: of each trial, from `worse`.
    """
    good = [at for at, revision in enumerate(revisions) if revision == 0]
    if not good:
        return {}
    differences: dict[int, list[float]] = {}
    for at, (revision, value) in enumerate(zip(revisions, values, strict=True)):
        before = max((each for each in good if each < at), default=None)
        after = min((each for each in good if each > at), default=None)
        beside = [values[each] for each in (before, after) if each is not None]
        if revision and beside:
            differences.setdefault(revision, []).append(value - statistics.fmean(beside))
    return {
        revision: math.expm1(statistics.median(found)) for revision, found in differences.items()
    }


def step_change(step: Step, kind: Metric) -> StepChange:
    """The step as a ratio of the metric's values, new / old, with a 95 % interval."""
    sign = 1 if kind.better == "lower" else -1
    ends = sorted(sign * (step.mean + by * step.deviation) for by in (-_95, _95))
    return StepChange(
        ratio=math.exp(sign * step.mean), low=math.exp(ends[0]), high=math.exp(ends[1])
    )

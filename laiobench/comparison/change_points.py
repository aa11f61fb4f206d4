"""Change points: where a series changed for good.

A change is a step of the logarithms that correlated noise does not explain (`step_search`), with
medians on both sides that differ by a minimum effect, and at least 3 points on either side.  One
or two adjacent outliers are clipped first.  Long series are searched in windows that overlap.

Knows points in time, and not what was measured.  Needs numpy, if there are enough points.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

ALPHA = 0.05
"""In the worst case of correlated noise.  In most noise, false changes are far rarer."""

MIN_EFFECT = 0.02
MIN_POINTS = 3
"""On either side of a change."""

MIN_SERIES = 8
"""In all.  Fewer are separated by chance too often, even in random order."""

_WINDOW = 128
_FAR = 4.0  # deviations from the median of the neighbours: values beyond are clipped
_LEAST_NOISE = 1e-4


@dataclass(frozen=True)
class Point:
    """One session of measuring, or one run."""

    started_at: str
    value: float


@dataclass(frozen=True)
class ChangePoint:
    """From this point on the metric is another."""

    index: int
    """Of the first point after it."""
    started_at: str
    before: float
    """Median of the stretch before, and of that after."""
    after: float
    p: float
    """An upper bound, for any correlation of the noise, of a change anywhere in the series."""

    @property
    def ratio(self) -> float:
        return self.after / self.before


def change_points(
    series: Sequence[Point], *, min_effect: float = MIN_EFFECT, alpha: float = ALPHA
) -> list[ChangePoint]:
    """Where the metric changed for good, in the order of time.

    Args:
        series: values above 0, in the order of time.
        min_effect: the relative change below which none is told.
        alpha: the level of each test.
    """
    logs = [math.log(point.value) for point in series]
    if len(logs) < MIN_SERIES:
        return []
    # numpy is wanted only here.
    from laiobench.comparison.step_search import StepSearch

    drawn = _clipped(logs)
    found: dict[int, float] = {}
    for begin in _windows(len(logs)):
        window = drawn[begin : begin + _WINDOW]
        search = StepSearch(window, math.log1p(min_effect), alpha, MIN_POINTS)
        for at, p in search.steps().items():
            if all(abs(begin + at - other) >= MIN_POINTS for other in found):
                found[begin + at] = p
    # The changes of two windows may be close to each other.
    while found:
        bounds = [0, *sorted(found), len(logs)]
        effects = {at: _effect(logs, bounds, at) for at in found}
        weakest = min(effects, key=lambda at: effects[at])
        if effects[weakest] >= min_effect:
            break
        del found[weakest]
    bounds = [0, *sorted(found), len(logs)]
    return [_told(series, bounds, at, found[at]) for at in bounds[1:-1]]


def is_switching(series: Sequence[Point]) -> bool:
    """Whether switching between two levels explains the newest part of a series best."""
    logs = [math.log(point.value) for point in series[-_WINDOW:]]
    if len(logs) < MIN_SERIES:
        return False
    # numpy is wanted only here.
    from laiobench.comparison.step_search import StepSearch

    return StepSearch(_clipped(logs), 0.0, ALPHA, MIN_POINTS).is_switching([], [])


def _windows(n: int) -> range:
    """Where windows begin.  They overlap by half, so that each place is well inside of one."""
    return range(0, max(1, n - _WINDOW // 2), _WINDOW // 2)


def _clipped(logs: Sequence[float]) -> list[float]:
    middles = [statistics.median(logs[max(0, at - 2) : at + 3]) for at in range(len(logs))]
    off = [value - middle for value, middle in zip(logs, middles, strict=True)]
    spread = statistics.median(map(abs, off)) / 0.6745
    most = _FAR * max(spread, _LEAST_NOISE)
    return [
        middle + min(max(difference, -most), most)
        for middle, difference in zip(middles, off, strict=True)
    ]


# ---- what is told ----------------------------------------------------------------


def _sides(
    values: Sequence[float], bounds: Sequence[int], at: int
) -> tuple[Sequence[float], Sequence[float]]:
    number = bounds.index(at, 1)
    return values[bounds[number - 1] : at], values[at : bounds[number + 1]]


def _effect(logs: Sequence[float], bounds: Sequence[int], at: int) -> float:
    before, after = _sides(logs, bounds, at)
    return math.expm1(abs(statistics.median(after) - statistics.median(before)))


def _told(series: Sequence[Point], bounds: Sequence[int], at: int, p: float) -> ChangePoint:
    before, after = _sides([point.value for point in series], bounds, at)
    return ChangePoint(
        index=at,
        started_at=series[at].started_at,
        before=statistics.median(before),
        after=statistics.median(after),
        p=p,
    )

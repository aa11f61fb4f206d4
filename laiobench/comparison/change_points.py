"""History: one metric over stored results, and when it changed for good.

PELT (Killick, Fearnhead and Eckley 2012, in `ruptures`) proposes change points on log
values, with a squared loss and a penalty of 3 σ² log n.  σ comes from the differences of
neighbours, which a change moves little.  Each proposed point must then be confirmed: by a
rank test between the stretches on both sides, by a minimum effect, and by at least 3 points
on either side.  Points that are not confirmed are removed, the weakest first.

Pure; needs ruptures and scipy.
"""

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from laiobench.comparison.environment import fingerprint
from laiobench.comparison.sessions import sessions
from laiobench.comparison.values import Value, values
from laiobench.errors import ExtraMissing, UsageError
from laiobench.results.digest import RunDigest
from laiobench.results.metrics import METRICS, Key
from laiobench.words import suggest

MIN_POINTS = 3
"""The fewest points on either side of a change."""

ALPHA = 0.01
"""The level of the rank test: below the usual 5 %, since PELT has chosen the place."""

MIN_EFFECT = 0.02
_LEAST_NOISE = 1e-4
"""The least σ: neighbours may all be equal, as counts are, and σ would be 0."""


@dataclass(frozen=True)
class Point:
    """The value of one result, or of one session of results."""

    started_at: str
    value: float


@dataclass(frozen=True)
class ChangePoint:
    """A point from which on the metric is another."""

    index: int
    """The place in the series of the first point after the change."""
    started_at: str
    before: float
    """The median of the stretch before the change."""
    after: float
    """The median of the stretch after it."""
    p: float

    @property
    def ratio(self) -> float:
        return self.after / self.before


# ---- which values ----------------------------------------------------------------


def find_key(runs: Sequence[RunDigest], metric: str, job: str | None, direction: str | None) -> Key:
    """The one key of a metric, a job and a direction; None: any.

    Raises:
        UsageError: there is none, or there are several.
    """
    matching = find_keys(runs, metric, job, direction)
    if len(matching) == 1:
        return matching[0]
    if len(jobs := dict.fromkeys(key.job for key in matching)) > 1:
        raise UsageError("the results are of several jobs", "choose --job: " + ", ".join(jobs))
    directions = ", ".join(str(key.direction) for key in matching)
    raise UsageError("the job has several directions", f"choose --direction: {directions}")


def find_keys(
    runs: Sequence[RunDigest], metric: str, job: str | None, direction: str | None
) -> list[Key]:
    """All keys of a metric, a job and a direction; None: any.

    Raises:
        UsageError: there is none.
    """
    if metric not in METRICS:
        raise UsageError(
            f"there is no metric {metric}{suggest(metric, METRICS)}",
            "these are: " + ", ".join(METRICS),
        )
    known = dict.fromkeys(key for run in runs for key in values(run))
    jobs = dict.fromkeys(key.job for key in known)
    if job is not None and job not in jobs:
        raise UsageError(
            f"no result has a job {job}{suggest(job, jobs)}", "there are: " + ", ".join(jobs)
        )
    matching = [
        key
        for key in known
        if key.metric == metric and job in (None, key.job) and direction in (None, key.direction)
    ]
    if not matching:
        raise UsageError(f"no result has {metric} of such a job and direction")
    return matching


def points(runs: Sequence[RunDigest], key: Key, *, by_session: bool) -> tuple[list[Point], int]:
    """The values by time, and how many results have none.

    Args:
        runs: runs that ended well, in any order.
        key: the metric, with its job and direction.
        by_session: one point for each session of measuring: its median.
    """
    groups = sessions(runs) if by_session else [[run] for run in _by_time(runs)]
    found, lacking = [], 0
    for group in groups:
        measured: list[Value | None] = [values(run).get(key) for run in group]
        numbers = [value for value in measured if isinstance(value, float) and value > 0]
        lacking += len(group) - len(numbers)
        if numbers:
            started_at = group[0].started_at.isoformat().replace("+00:00", "Z")
            found.append(Point(started_at, statistics.median(numbers)))
    return found, lacking


def _by_time(runs: Sequence[RunDigest]) -> list[RunDigest]:
    return sorted(runs, key=lambda run: run.started_at)


def mixed(runs: Sequence[RunDigest]) -> list[str]:
    """The names of hard facts that differ between runs, and may explain a change."""
    return [name for name, seen in fingerprint(runs).hard.items() if len(seen) > 1]


# ---- changes ---------------------------------------------------------------------


def change_points(
    series: Sequence[Point], *, min_effect: float = MIN_EFFECT, alpha: float = ALPHA
) -> list[ChangePoint]:
    """The points where the metric changed for good, by time.

    Args:
        series: values above 0, by time.
        min_effect: smaller relative changes are not reported.
        alpha: the level of the rank test of each change.

    Raises:
        UsageError: ruptures is missing.
    """
    logs = [math.log(point.value) for point in series]
    if len(logs) < 2 * MIN_POINTS:
        return []
    bounds = [0, *_proposed(logs), len(logs)]
    while inner := range(1, len(bounds) - 1):
        weakest = min(inner, key=lambda at: _effect(logs, bounds, at))
        if _effect(logs, bounds, weakest) >= min_effect:
            weakest = max(inner, key=lambda at: _p(logs, bounds, at))
            if _p(logs, bounds, weakest) <= alpha:
                return [_told(series, bounds, at, _p(logs, bounds, at)) for at in inner]
        del bounds[weakest]
    return []


def _proposed(logs: Sequence[float]) -> list[int]:
    """The places that PELT proposes."""
    try:
        import numpy as np
        import ruptures
    except ImportError:
        raise ExtraMissing("finding changes", "ruptures", "history") from None
    steps = [abs(later - earlier) for earlier, later in itertools.pairwise(logs)]
    noise = max(statistics.median(steps) / (0.6745 * math.sqrt(2)), _LEAST_NOISE)
    penalty = 3 * noise**2 * math.log(len(logs))
    search = ruptures.Pelt(model="l2", min_size=MIN_POINTS, jump=1)
    found: list[int] = search.fit(np.array(logs).reshape(-1, 1)).predict(pen=penalty)
    return found[:-1]  # the last one is the end


def _sides(
    logs: Sequence[float], bounds: Sequence[int], at: int
) -> tuple[Sequence[float], Sequence[float]]:
    return logs[bounds[at - 1] : bounds[at]], logs[bounds[at] : bounds[at + 1]]


def _effect(logs: Sequence[float], bounds: Sequence[int], at: int) -> float:
    before, after = _sides(logs, bounds, at)
    return math.expm1(abs(statistics.median(after) - statistics.median(before)))


def _p(logs: Sequence[float], bounds: Sequence[int], at: int) -> float:
    from laiobench.comparison.rank_tests import mann_whitney_brunner_munzel_p

    return mann_whitney_brunner_munzel_p(*_sides(logs, bounds, at))


def _told(series: Sequence[Point], bounds: Sequence[int], at: int, p: float) -> ChangePoint:
    sides = _sides([point.value for point in series], bounds, at)
    return ChangePoint(
        index=bounds[at],
        started_at=series[bounds[at]].started_at,
        before=statistics.median(sides[0]),
        after=statistics.median(sides[1]),
        p=p,
    )

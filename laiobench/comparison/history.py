"""History: the series of a metric that stored results contain.

There is a series for each job, direction and *kind* of job, which is what its options say that
it does: jobs with the same name and different block sizes are different jobs.  A point is a
session of measuring, since runs within one are correlated.  Even if single runs are shown,
changes are found between sessions.

Pure.  `change_points` finds the changes.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from laiobench.comparison import change_points
from laiobench.comparison.change_points import ChangePoint, Point
from laiobench.comparison.environment import fingerprint
from laiobench.comparison.job_kinds import JobKind, kind_of, shown, told_apart
from laiobench.comparison.sessions import sessions
from laiobench.comparison.values import Value, values
from laiobench.errors import UsageError
from laiobench.jobs.options import Job
from laiobench.results.digest import RunDigest
from laiobench.results.metrics import METRICS, Key
from laiobench.words import suggest


@dataclass(frozen=True)
class Series:
    """The values of a metric of one kind of job."""

    key: Key
    kind: JobKind
    apart: Mapping[str, str]
    """The options in which it differs from other jobs of the same name."""
    runs: tuple[Point, ...]
    sessions: tuple[Point, ...]
    """The medians of their runs."""
    begins: tuple[int, ...]
    """The index of the first run of each session."""
    lacking: int
    """The number of results of the job without this value."""
    mixed: tuple[str, ...]
    """Facts about machines that differ between the runs, which may explain a change."""

    @property
    def told_apart(self) -> str:
        """`bs=4096, iodepth=1`; empty if no other job has this name."""
        return ", ".join(f"{name}={value}" for name, value in self.apart.items())

    def points(self, *, by_session: bool) -> tuple[Point, ...]:
        return self.sessions if by_session else self.runs

    def changes(self, *, by_session: bool, min_effect: float) -> list[ChangePoint]:
        """Find when it changed for good, always from the values of sessions.

        Args:
            by_session: whether indices are of sessions, or of their first runs.
            min_effect: the smallest relative change to report.
        """
        found = change_points.change_points(self.sessions, min_effect=min_effect)
        if by_session:
            return found
        return [replace(change, index=self.begins[change.index]) for change in found]

    def is_switching(self) -> bool:
        """Whether it switches between two levels, neither of which is for good."""
        return change_points.is_switching(self.sessions)


@dataclass(frozen=True)
class _Measured:
    """The values of a run, and the number of its session."""

    run: RunDigest
    session: int
    values: Mapping[Key, Value]
    kinds: Mapping[str, JobKind]


# ---- which series ----------------------------------------------------------------


def find_series(
    runs: Sequence[RunDigest],
    metric: str,
    *,
    job: str | None = None,
    direction: str | None = None,
    where: Sequence[tuple[str, str]] = (),
) -> list[Series]:
    """Find the series of a metric, of each job, kind of job and direction.

    Args:
        runs: those that ended well, in any order.
        metric: one of `METRICS`.
        job, direction: only series of these.
        where: options that jobs must have, with values as a user writes them.

    Raises:
        UsageError: there is none.
    """
    if metric not in METRICS:
        raise UsageError(
            f"there is no metric {metric}{suggest(metric, METRICS)}",
            "these are: " + ", ".join(METRICS),
        )
    measured = _measured(runs)
    jobs = dict.fromkeys(name for each in measured for name in each.kinds)
    if job is not None and job not in jobs:
        raise UsageError(
            f"no result has a job {job}{suggest(job, jobs)}", "there are: " + ", ".join(jobs)
        )
    keys = dict.fromkeys(
        key
        for each in measured
        for key in each.values
        if key.metric == metric and job in (None, key.job) and direction in (None, key.direction)
    )
    if not keys:
        raise UsageError(f"no result has {metric} of such a job and direction")
    found = [series for key in keys for series in _kinds_of(measured, key)]
    return sorted(_chosen(found, where), key=lambda each: [*jobs].index(each.key.job))


def _chosen(found: Sequence[Series], where: Sequence[tuple[str, str]]) -> list[Series]:
    """The series of jobs with these options."""
    for name, _ in where:
        if name not in Job.model_fields:
            raise UsageError(f"there is no option {name}{suggest(name, Job.model_fields)}")
    chosen = [each for each in found if all(each.kind.has(*one) for one in where)]
    if not chosen:
        written = " and ".join(f"{name}={value}" for name, value in where)
        there = dict.fromkeys(
            " and ".join(f"{name}={shown(each.kind.value(name))}" for name, _ in where)
            for each in found
        )
        raise UsageError(f"no job has {written}", "there are jobs with " + "; ".join(there))
    return chosen


def only(found: Sequence[Series]) -> Series:
    """The only series.

    Raises:
        UsageError: there are several.
    """
    if len(found) == 1:
        return found[0]
    if len(jobs := dict.fromkeys(each.key.job for each in found)) > 1:
        raise UsageError("the results are of several jobs", "choose --job: " + ", ".join(jobs))
    if len(directions := dict.fromkeys(str(each.key.direction) for each in found)) > 1:
        raise UsageError(
            "the job has several directions", "choose --direction: " + ", ".join(directions)
        )
    kinds = "; ".join(each.told_apart for each in found)
    raise UsageError("several jobs have this name", f"choose by --where: {kinds}")


def _measured(runs: Sequence[RunDigest]) -> list[_Measured]:
    """In the order of time."""
    numbered = [
        _Measured(run, number, values(run), {name: kind_of(run, name) for name in run.copies})
        for number, session in enumerate(sessions(runs))
        for run in session
    ]
    return sorted(numbered, key=lambda each: each.run.started_at)


def _kinds_of(measured: Sequence[_Measured], key: Key) -> list[Series]:
    """A series for each kind of the job."""
    of_job = [each for each in measured if key.job in each.kinds]
    kinds = dict.fromkeys(each.kinds[key.job] for each in of_job)
    apart = told_apart([*kinds])
    return [
        _one(key, kind, options, [each for each in of_job if each.kinds[key.job] == kind])
        for kind, options in zip(kinds, apart, strict=True)
        if any(key in each.values for each in of_job if each.kinds[key.job] == kind)
    ]


def _one(
    key: Key, kind: JobKind, apart: Mapping[str, str], measured: Sequence[_Measured]
) -> Series:
    runs: list[Point] = []
    by_session: dict[int, list[int]] = {}
    for each in measured:
        value = each.values.get(key)
        if isinstance(value, float) and value > 0:
            by_session.setdefault(each.session, []).append(len(runs))
            started_at = each.run.started_at.isoformat().replace("+00:00", "Z")
            runs.append(Point(started_at, value))
    return Series(
        key=key,
        kind=kind,
        apart=apart,
        runs=tuple(runs),
        sessions=tuple(
            Point(runs[of_it[0]].started_at, statistics.median(runs[at].value for at in of_it))
            for of_it in by_session.values()
        ),
        begins=tuple(of_it[0] for of_it in by_session.values()),
        lacking=len(measured) - len(runs),
        mixed=tuple(
            name
            for name, seen in fingerprint([each.run for each in measured]).hard.items()
            if len(seen) > 1
        ),
    )

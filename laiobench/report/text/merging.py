"""Several jobs' results as one: for group_reporting.

Histograms are added up, so that percentiles are those of all I/Os, and never averages;
rates are over the time of the job that took longest.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from laiobench.results.copies import by_job
from laiobench.results.histogram import added
from laiobench.results.run_result import DirectionResult, JobResult, Latency, SeriesPoint
from laiobench.units import NS_PER_S
from laiobench.words import IO_DIRECTIONS


def reported(jobs: Sequence[JobResult]) -> list[list[JobResult]]:
    """The jobs that are shown as one, in their order: those of a group that asks for it."""
    numbered = groupby(enumerate(jobs), key=lambda item: _key(*item))
    return [[job for _, job in members] for _, members in numbered]


def copies_of_jobs(jobs: Sequence[JobResult]) -> list[list[JobResult]]:
    """The copies of each job, in their order."""
    return list(by_job(jobs).values())


def _key(position: int, job: JobResult) -> tuple[int, int]:
    return (job.group, -1 if job.options.get("group_reporting") else position)


def merged(jobs: Sequence[JobResult]) -> dict[str, DirectionResult]:
    """The directions of all of `jobs`, each as one."""
    if len(jobs) == 1:
        return jobs[0].directions()
    longest_s = max(job.runtime_ns for job in jobs) / NS_PER_S
    names = dict.fromkeys(name for job in jobs for name in job.directions())
    return {
        name: _one([job.directions()[name] for job in jobs if name in job.directions()], longest_s)
        for name in names
    }


def as_one_direction(jobs: Sequence[JobResult]) -> DirectionResult | None:
    """All I/Os of `jobs`, of whatever direction; a sync is none.  None: they have no direction."""
    longest_s = max(job.runtime_ns for job in jobs) / NS_PER_S
    parts = [
        part for job in jobs for name, part in job.directions().items() if name in IO_DIRECTIONS
    ]
    return _one(parts, longest_s) if parts else None


def as_one_job(jobs: Sequence[JobResult]) -> JobResult:
    """A group's jobs as one: called as the first, with the options of the last, as fio has it."""
    first, last = jobs[0], jobs[-1]
    if len(jobs) == 1:
        return first
    return first.model_copy(
        update={
            **merged(jobs),
            "options": last.options,
            "runtime_ns": max(job.runtime_ns for job in jobs),
            "cpu": first.cpu.model_copy(
                update={
                    "user_ns": sum(job.cpu.user_ns for job in jobs),
                    "system_ns": sum(job.cpu.system_ns for job in jobs),
                    "measured_ns": sum(job.measured_ns for job in jobs),
                }
            ),
            "counters": _summed([job.counters for job in jobs]),
            "series": _series_of_all(jobs),
        }
    )


def _summed(counters: Sequence[Mapping[str, Mapping[str, Any]]]) -> dict[str, dict[str, Any]]:
    total: dict[str, dict[str, Any]] = {}
    for groups in counters:
        for group, members in groups.items():
            into = total.setdefault(group, {})
            for name, value in members.items():
                if isinstance(value, Mapping):
                    into[name] = dict(Counter(into.get(name, {})) + Counter(value))
                else:
                    into[name] = into.get(name, 0) + value
    return total


def _series_of_all(jobs: Sequence[JobResult]) -> list[SeriesPoint]:
    """I/Os and bytes of each interval that all have; they began together."""
    return [
        points[0].model_copy(
            update={
                "ios": sum(point.ios for point in points),
                "bytes": sum(point.bytes for point in points),
            }
        )
        for points in zip(*(job.series for job in jobs), strict=False)
    ]


def _one(parts: Sequence[DirectionResult], longest_s: float) -> DirectionResult:
    ios, size_bytes = sum(part.ios for part in parts), sum(part.bytes for part in parts)
    errors: Counter[str] = Counter()
    for part in parts:
        errors.update(part.errors)
    return parts[0].model_copy(
        update={
            "ios": ios,
            "bytes": size_bytes,
            "iops": ios / longest_s if longest_s else 0.0,
            "bw_bytes": size_bytes / longest_s if longest_s else 0.0,
            "short_ios": sum(part.short_ios for part in parts),
            "errors": dict(errors),
            **_merged_latencies([part.latencies() for part in parts]),
        }
    )


def _merged_latencies(parts: Sequence[Mapping[str, Latency]]) -> dict[str, Latency]:
    """By the documents' keys; of each, the parts that have it."""
    kinds = dict.fromkeys(kind for part in parts for kind in part)
    return {
        f"{kind}_ns": merged_latency([part[kind] for part in parts if kind in part])
        for kind in kinds
    }


def merged_latency(parts: Sequence[Latency]) -> Latency:
    """That of all parts; one of them at least."""
    found = [part for part in parts if part.count]
    if not found:
        return parts[0]
    counts = added(part.counts for part in found)
    total = sum(part.count for part in found)
    mean = sum(part.mean * part.count for part in found) / total
    wanted = {float(key): key for part in found for key in part.percentiles}
    return Latency(
        count=total,
        min=min(part.min for part in found),
        max=counts.max,
        mean=mean,
        stddev=_stddev(found, mean),
        percentiles={wanted[at]: value for at, value in counts.percentiles(sorted(wanted)).items()},
        histogram=list(counts.pairs),
        overflow=counts.overflow,
    )


def _stddev(parts: Sequence[Latency], mean: float) -> float:
    """Of all values, from those of the parts: within each, and of their means."""
    squares = sum(part.count * (part.stddev**2 + (part.mean - mean) ** 2) for part in parts)
    return math.sqrt(squares / sum(part.count for part in parts))

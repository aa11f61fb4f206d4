"""Several jobs' results as one: for group_reporting.

Histograms are added up, so that percentiles are those of all I/Os, and never averages;
rates are over the time of the job that took longest.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby

from laiobench.results.histogram import added
from laiobench.results.run_result import DirectionResult, JobResult, Latency
from laiobench.units import NS_PER_S


def reported(jobs: Sequence[JobResult]) -> list[list[JobResult]]:
    """The jobs that are shown as one, in their order: those of a group that asks for it."""
    numbered = groupby(enumerate(jobs), key=lambda item: _key(*item))
    return [[job for _, job in members] for _, members in numbered]


def copies_of_jobs(jobs: Iterable[JobResult]) -> list[list[JobResult]]:
    """The copies of each job, in their order."""
    return [list(copies) for _, copies in groupby(jobs, key=lambda job: (job.group, job.name))]


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


def _one(parts: Sequence[DirectionResult], longest_s: float) -> DirectionResult:
    ios, size_bytes = sum(part.ios for part in parts), sum(part.bytes for part in parts)
    responses = [part.response_ns for part in parts if part.response_ns]
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
            "slat_ns": merged_latency([part.slat_ns for part in parts]),
            "clat_ns": merged_latency([part.clat_ns for part in parts]),
            "lat_ns": merged_latency([part.lat_ns for part in parts]),
            "response_ns": merged_latency(responses) if responses else None,
        }
    )


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

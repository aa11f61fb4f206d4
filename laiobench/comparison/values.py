"""Reads the values of metrics from a run's digest, by `Key`: job, direction and metric.

Pure, without statistics.  For a value that can't be measured it says why, and how long a
trial would have to be.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from laiobench.results.digest import (
    DirectionDigest,
    JobDigest,
    LatencyBins,
    LatencyDigest,
    RunDigest,
)
from laiobench.results.histogram import Counts, added
from laiobench.results.metrics import (
    METRICS,
    OF_DIRECTION,
    SAMPLES_BEYOND,
    Key,
    Metric,
    samples_needed,
)
from laiobench.units import NS_PER_S, format_exact


@dataclass(frozen=True)
class Unmeasurable:
    """Why a run has no value of a metric, in words."""

    reason: str
    at_least: float | None = None
    """For a percentile with too few I/Os beyond it: a lower bound that holds at 99 %."""


Value = float | Unmeasurable


def lower_bound(value: Value) -> float | None:
    """A bound that the value is not below: the value itself if it could be measured."""
    return value.at_least if isinstance(value, Unmeasurable) else value


# ---- values ----------------------------------------------------------------------


def values(run: RunDigest) -> dict[Key, Value]:
    """All values of a run, in the order of documents and `METRICS`."""
    found: dict[Key, Value] = {}
    for name, copies in run.copies.items():
        directions = dict.fromkeys(key for copy in copies for key in copy.directions())
        for direction in directions:
            parts = [
                part for copy in copies if (part := copy.directions().get(direction)) is not None
            ]
            for metric in OF_DIRECTION:
                value = _of_direction(METRICS[metric], parts, copies)
                if value is not None:
                    found[Key(name, direction, metric)] = value
        for metric, shared in _of_job(copies).items():
            found[Key(name, None, metric)] = shared
    return found


def _of_direction(
    metric: Metric, parts: Sequence[DirectionDigest], copies: Sequence[JobDigest]
) -> Value | None:
    """The value over all copies of a job; None if such jobs have no such metric."""
    if not metric.latency:
        return float(sum(getattr(part, metric.name) for part in parts))
    latencies = [
        latency for part in parts if (latency := getattr(part, metric.latency)) is not None
    ]
    if not latencies:
        return None
    count = sum(latency.count for latency in latencies)
    if not count:
        return Unmeasurable("no I/O was completed")
    if metric.percentile is None:
        return float(sum(latency.mean * latency.count for latency in latencies) / count)
    runtime_ns = max(copy.runtime_ns for copy in copies)
    if too_few := _too_few(metric.percentile, count, runtime_ns):
        return replace(too_few, at_least=_lower_bound(metric.percentile, count, latencies))
    return _percentile(metric.percentile, latencies)


def _percentile(wanted: float, latencies: Sequence[LatencyDigest]) -> Value:
    if len(latencies) == 1:
        value = latencies[0].percentiles.get(format_exact(wanted))
        if value is None:
            return Unmeasurable(f"the document has no p{wanted:g}")
        return float(value)
    return float(added(map(_counts, latencies)).percentiles((wanted,))[wanted])


def _counts(latency: LatencyDigest) -> Counts:
    assert isinstance(latency, LatencyBins)  # digest() reads histograms where a job has copies
    return latency.counts


def _too_few(percentile: float, count: int, runtime_ns: int) -> Unmeasurable | None:
    needed = samples_needed(percentile)
    if count >= needed:
        return None
    seconds = runtime_ns / NS_PER_S * needed / count
    return Unmeasurable(
        f"it needs {needed:,} I/Os a trial ({SAMPLES_BEYOND} beyond it), and there "
        f"were {count:,}: about {_rounded_up(seconds)} s a trial would do"
    )


def _lower_bound(percentile: float, count: int, latencies: Sequence[LatencyDigest]) -> float | None:
    """A latency that a percentile of `count` I/Os is surely not below; None if there is none.

    It is a lower percentile, chosen by the 1 % quantile of the binomial distribution of how
    many I/Os are below the wanted one.
    """
    share = percentile / 100
    below = count * share - 2.33 * math.sqrt(count * share * (1 - share)) - 1
    if below < 1:
        return None
    surely = 100 * below / count
    if len(latencies) > 1:
        return float(added(map(_counts, latencies)).percentiles((surely,))[surely])
    known = [
        (float(name), value)
        for name, value in latencies[0].percentiles.items()
        if float(name) <= surely
    ]
    return float(max(known)[1]) if known else None


def _rounded_up(seconds: float) -> str:
    """A time, rounded up to two digits."""
    if seconds <= 0:
        return "0"
    step = 10.0 ** (math.floor(math.log10(seconds)) - 1)
    return f"{math.ceil(seconds / step - 1e-9) * step:.6g}"


def _of_job(copies: Sequence[JobDigest]) -> dict[str, Value]:
    """The costs per I/O of a job; jobs on the same IOThreads share them."""
    ios = sum(copy.ios for copy in copies)
    if not ios:
        nothing = Unmeasurable("no I/O was completed")
        return {"cpu_ns_per_io": nothing, "switches_per_io": nothing}
    cpu_ns = sum(copy.cpu.per_io_ns * copy.ios for copy in copies) / ios
    found: dict[str, Value] = {"cpu_ns_per_io": cpu_ns or Unmeasurable("the CPU time is not known")}
    switches = [_switches_per_io(copy) for copy in copies]
    if all(per_io is not None for per_io in switches):
        weighted = zip(switches, copies, strict=True)
        found["switches_per_io"] = (
            sum((per_io or 0.0) * copy.ios for per_io, copy in weighted) / ios
        )
    return found


def _switches_per_io(job: JobDigest) -> float | None:
    """Context switches of the job's IOThreads / I/Os of all jobs that ran on these."""
    if job.switches is None or not job.cpu.shared_ios:
        return None
    return job.switches / job.cpu.shared_ios

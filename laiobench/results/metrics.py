"""Metrics: the numbers of a run that are compared, with their units and which way is better.

A `Key` (job, direction, metric) names a value.  How values are read from a run's digest is
in `laiobench.comparison.values`.
"""

import math
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator

Better = Literal["higher", "lower"]
Unit = Literal["IOPS", "bytes/s", "ns", "1/IO"]


@dataclass(frozen=True)
class Metric:
    """One number of a run, and which way is better."""

    name: str
    title: str
    unit: Unit
    better: Better
    latency: str = ""
    """For a latency: its kind, by its name in documents, such as `lat_ns`; else empty."""
    percentile: float | None = None


def _latency_metrics(kind: str, title: str) -> list[Metric]:
    def metric(name: str, what: str, percentile: float | None = None) -> Metric:
        return Metric(f"{kind}_{name}_ns", title + what, "ns", "lower", f"{kind}_ns", percentile)

    return [
        metric("mean", "mean"),
        *(metric(f"p{at:g}", f"p{at:g}", at) for at in (50.0, 99.0, 99.9)),
    ]


SAMPLES_BEYOND = 100
"""A percentile of a trial is used only if so many I/Os are slower."""


def samples_needed(percentile: float) -> int:
    """How many I/Os a trial needs for this percentile."""
    return math.ceil(round(SAMPLES_BEYOND * 100 / (100 - percentile), 6))


METRICS = {
    metric.name: metric
    for metric in (
        Metric("iops", "IOPS", "IOPS", "higher"),
        Metric("bw_bytes", "bandwidth", "bytes/s", "higher"),
        *_latency_metrics("lat", ""),
        *_latency_metrics("response", "response "),
        Metric("cpu_ns_per_io", "CPU per I/O", "ns", "lower"),
        Metric("switches_per_io", "switches per I/O", "1/IO", "lower"),
    )
}
OF_DIRECTION = tuple(name for name in METRICS if name not in ("cpu_ns_per_io", "switches_per_io"))
"""Metrics of one direction of a job; the others are of the job as a whole."""

COMPARED = tuple(name for name in METRICS if name != "bw_bytes")
"""The metrics compared by default: all but bandwidth, which changes as IOPS do."""

MOSTLY_JUDGED = ("iops", "lat_p50_ns", "lat_p99_ns", "lat_mean_ns", "cpu_ns_per_io")
"""The metrics that a gate or a bisection uses by default, the preferred one first."""


def _known(name: str) -> str:
    if name not in METRICS:
        raise ValueError("there is no such metric")
    return name


MetricName = Annotated[str, AfterValidator(_known)]
"""A name of one of `METRICS`."""


class Key(NamedTuple):
    """What a value belongs to."""

    job: str
    direction: str | None
    """None: the job as a whole."""
    metric: str

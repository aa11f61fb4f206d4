"""Metrics: what is compared of a run, and how it is read from the run's document.

A `RunDigest` is the part of a document that comparing needs, without histograms,
so that thousands of stored results are read in seconds.  From it come values by
`Key`: job, direction and metric.  Pure, and knows nothing of statistics: it says
for each value that cannot be measured why, and how long a run would do.
"""

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
    """Of a latency: its kind, as documents call it."""
    percentile: float | None = None


def _latency_metrics(kind: str, title: str) -> list[Metric]:
    def metric(name: str, what: str, percentile: float | None = None) -> Metric:
        return Metric(f"{kind}_{name}_ns", title + what, "ns", "lower", f"{kind}_ns", percentile)

    return [
        metric("mean", "mean"),
        *(metric(f"p{at:g}", f"p{at:g}", at) for at in (50.0, 99.0, 99.9)),
    ]


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
"""The others are a job's: its directions share them."""

COMPARED = tuple(name for name in METRICS if name != "bw_bytes")
"""What is compared when nobody says what: bandwidth tells what IOPS tell."""

MOSTLY_JUDGED = ("iops", "lat_p50_ns", "lat_p99_ns", "lat_mean_ns", "cpu_ns_per_io")
"""Of one job, in the order in which a gate or a bisection takes them when nobody says which."""


def _known(name: str) -> str:
    if name not in METRICS:
        raise ValueError("there is no such metric")
    return name


MetricName = Annotated[str, AfterValidator(_known)]
"""One of `METRICS`."""


class Key(NamedTuple):
    """What a value is of."""

    job: str
    direction: str | None
    """None: of the job as a whole."""
    metric: str

"""Metrics: what is compared of a run, and how it is read from the run's document.

A `RunDigest` is the part of a document that comparing needs, without histograms,
so that thousands of stored results are read in seconds.  From it come values by
`Key`: job, direction and metric.  Pure, and knows nothing of statistics: it says
for each value that cannot be measured why, and how long a run would do.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from pydantic import Field

from laiobench.histogram import Counts, added
from laiobench.native import DIRECTIONS
from laiobench.record import Record
from laiobench.result import Cpu, RunResult, Tool
from laiobench.units import NS_PER_S, format_exact

Better = Literal["higher", "lower"]
Unit = Literal["IOPS", "bytes/s", "ns", "1/IO"]

SAMPLES_BEYOND = 100
"""A percentile of a trial needs so many samples above it."""


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


class Key(NamedTuple):
    """What a value is of."""

    job: str
    direction: str | None
    """None: of the job as a whole."""
    metric: str


@dataclass(frozen=True)
class Unmeasurable:
    """Why a run has no value, in a sentence."""

    reason: str


Value = float | Unmeasurable


# ---- what is read ----------------------------------------------------------------


class LatencyDigest(Record):
    """One kind of latency."""

    count: int
    mean: float
    percentiles: dict[str, float]


class LatencyBins(LatencyDigest):
    """With its counts, to add those of a job's copies up."""

    max: int
    histogram: list[tuple[int, int]]
    overflow: int = 0

    @property
    def counts(self) -> Counts:
        return Counts(self.histogram, self.max, self.overflow)


class DirectionDigest(Record):
    """Rates and latencies of one direction."""

    ios: int
    iops: float
    bw_bytes: float
    lat_ns: LatencyDigest
    response_ns: LatencyDigest | None = None


class DirectionBins(DirectionDigest):
    """The same with bins."""

    lat_ns: LatencyBins
    response_ns: LatencyBins | None = None


class JobDigest(Record):
    """One copy of a job."""

    name: str
    copy_index: int = Field(0, alias="copy")
    group: int = 0
    iothreads: list[str] = Field(default_factory=list)
    target: str | None = None
    options: dict[str, Any]
    runtime_ns: int
    read: DirectionDigest | None = None
    write: DirectionDigest | None = None
    trim: DirectionDigest | None = None
    sync: DirectionDigest | None = None
    cpu: Cpu
    counters: dict[str, Any] = Field(default_factory=dict)

    def directions(self) -> dict[str, DirectionDigest]:
        """Those that the job has, by name."""
        return {
            name: direction for name in DIRECTIONS if (direction := getattr(self, name)) is not None
        }

    @property
    def ios(self) -> int:
        return sum(direction.ios for direction in self.directions().values())

    @property
    def switches(self) -> int | None:
        other = self.counters.get("other", {})
        if "voluntary_switches" not in other:
            return None
        return int(other["voluntary_switches"]) + int(other["involuntary_switches"])


class JobBins(JobDigest):
    """The same with bins."""

    read: DirectionBins | None = None
    write: DirectionBins | None = None
    trim: DirectionBins | None = None
    sync: DirectionBins | None = None


class RunDigest(Record):
    """What comparing needs of a run's document."""

    schema_version: Literal[1] = Field(alias="schema")
    kind: Literal["run"]
    status: Literal["ok", "failed", "interrupted"]
    failures: list[str] = Field(default_factory=list)
    tool: Tool
    started_at: datetime
    machine: dict[str, Any]
    jobs: Sequence[JobDigest]

    @property
    def copies(self) -> dict[str, list[JobDigest]]:
        """The copies of each job, by its name."""
        found: dict[str, list[JobDigest]] = {}
        for job in self.jobs:
            found.setdefault(job.name, []).append(job)
        return found


class RunBins(RunDigest):
    """The same with bins."""

    jobs: Sequence[JobBins]


def digest(document: RunResult | bytes | str | Mapping[str, Any]) -> RunDigest:
    """What comparing needs of a run: of a result, or of a document's text or parsed JSON.

    Raises:
        pydantic.ValidationError: it is no run's document.
    """
    if isinstance(document, RunResult):
        document = document.model_dump(by_alias=True)
    lean = _read(RunDigest, _without_bins(document) if isinstance(document, bytes) else document)
    has_copies = any(len(copies) > 1 for copies in lean.copies.values())
    return _read(RunBins, document) if has_copies else lean


def _without_bins(text: bytes) -> bytes:
    """Counts are most of a document: without them it is read many times as fast."""
    first, *rest = text.split(b'"histogram":')
    return b'"histogram":'.join([first, *map(_without_first_list, rest)])


def _without_first_list(text: bytes) -> bytes:
    """What follows the key: the pairs up to `]]` go."""
    end = text.find(b"]]")
    has_pairs = text[:8].lstrip().startswith(b"[[")
    return b"[]" + text[end + 2 :] if has_pairs and end > 0 else text


def _read(model: type[RunDigest], document: bytes | str | Mapping[str, Any]) -> RunDigest:
    if isinstance(document, bytes | str):
        return model.model_validate_json(document)
    return model.model_validate(document)


# ---- values ----------------------------------------------------------------------


def values(run: RunDigest) -> dict[Key, Value]:
    """Everything that can be compared of a run; in the order of documents and `METRICS`."""
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
        for metric, shared in _of_job(run, copies).items():
            found[Key(name, None, metric)] = shared
    return found


def _of_direction(
    metric: Metric, parts: Sequence[DirectionDigest], copies: Sequence[JobDigest]
) -> Value | None:
    """Of all copies together; None where runs of this kind have no such value."""
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
        return too_few
    return _percentile(metric.percentile, latencies)


def _percentile(wanted: float, latencies: Sequence[LatencyDigest]) -> Value:
    if len(latencies) == 1:
        value = latencies[0].percentiles.get(format_exact(wanted))
        if value is None:
            return Unmeasurable(f"the document has no p{wanted:g}")
        return float(value)
    return float(added(map(_counts, latencies)).percentiles((wanted,))[wanted])


def _counts(latency: LatencyDigest) -> Counts:
    assert isinstance(latency, LatencyBins)  # digest() reads copies with their bins
    return latency.counts


def samples_needed(percentile: float) -> int:
    """How many I/Os a trial needs for this percentile."""
    return math.ceil(round(SAMPLES_BEYOND * 100 / (100 - percentile), 6))


def _too_few(percentile: float, count: int, runtime_ns: int) -> Unmeasurable | None:
    needed = samples_needed(percentile)
    if count >= needed:
        return None
    seconds = runtime_ns / NS_PER_S * needed / count
    return Unmeasurable(
        f"it needs {needed:,} I/Os a trial ({SAMPLES_BEYOND} beyond it), and there "
        f"were {count:,}: about {_rounded_up(seconds)} s a trial would do"
    )


def _rounded_up(seconds: float) -> str:
    """To two digits, and never less than it must be."""
    if seconds <= 0:
        return "0"
    step = 10.0 ** (math.floor(math.log10(seconds)) - 1)
    return f"{math.ceil(seconds / step - 1e-9) * step:.6g}"


def _of_job(run: RunDigest, copies: Sequence[JobDigest]) -> dict[str, Value]:
    """What it cost, shared with the jobs on the same IOThreads."""
    ios = sum(copy.ios for copy in copies)
    if not ios:
        nothing = Unmeasurable("no I/O was completed")
        return {"cpu_ns_per_io": nothing, "switches_per_io": nothing}
    cpu_ns = sum(copy.cpu.per_io_ns * copy.ios for copy in copies) / ios
    found: dict[str, Value] = {"cpu_ns_per_io": cpu_ns or Unmeasurable("the CPU time is not known")}
    switches = [_switches_per_io(run, copy) for copy in copies]
    if all(per_io is not None for per_io in switches):
        weighted = zip(switches, copies, strict=True)
        found["switches_per_io"] = (
            sum((per_io or 0.0) * copy.ios for per_io, copy in weighted) / ios
        )
    return found


def _switches_per_io(run: RunDigest, job: JobDigest) -> float | None:
    """Of the IOThreads that the job was on, by the I/Os of all jobs that were on them."""
    if job.switches is None:
        return None
    sharing = sum(
        other.ios
        for other in run.jobs
        if other is job
        or (other.group == job.group and not set(other.iothreads).isdisjoint(job.iothreads))
    )
    return job.switches / sharing if sharing else None

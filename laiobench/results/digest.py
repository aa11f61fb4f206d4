"""Digests: the part of a run's document that comparing needs.

Read without histograms where that will do, so that thousands of stored results are read in
seconds; with them where a job's copies must be added up.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from laiobench.results.free_form import Counters, Machine, Options
from laiobench.results.histogram import Counts
from laiobench.results.model import Measured, Name, Record, Whole
from laiobench.results.run_result import Cpu, RunResult, Tool
from laiobench.words import DIRECTIONS, ios_of

# ---- what is read ----------------------------------------------------------------


class LatencyDigest(Record):
    """One kind of latency."""

    count: Whole
    mean: Measured
    percentiles: dict[str, Whole]


class LatencyBins(LatencyDigest):
    """With its counts, to add those of a job's copies up."""

    max: Whole
    histogram: list[tuple[Whole, Whole]]
    overflow: Whole = 0

    @property
    def counts(self) -> Counts:
        return Counts(self.histogram, self.max, self.overflow)


class DirectionDigest(Record):
    """Rates and latencies of one direction."""

    ios: Whole
    iops: Measured
    bw_bytes: Measured
    lat_ns: LatencyDigest
    response_ns: LatencyDigest | None = None


class DirectionBins(DirectionDigest):
    """The same with bins."""

    lat_ns: LatencyBins
    response_ns: LatencyBins | None = None


class JobDigest(Record):
    """One copy of a job."""

    name: Name
    copy_index: int = Field(0, alias="copy")
    group: int = 0
    iothreads: list[Name] = Field(default_factory=list)
    target: Name | None = None
    options: Options
    runtime_ns: Whole
    read: DirectionDigest | None = None
    write: DirectionDigest | None = None
    trim: DirectionDigest | None = None
    sync: DirectionDigest | None = None
    cpu: Cpu
    counters: Counters = Field(default_factory=dict)

    def directions(self) -> dict[str, DirectionDigest]:
        """Those that the job has, by name."""
        return {
            name: direction for name in DIRECTIONS if (direction := getattr(self, name)) is not None
        }

    @property
    def ios(self) -> int:
        return ios_of(self.directions())

    @property
    def switches(self) -> int | None:
        other = self.counters.get("other", {})
        kinds = ("voluntary_switches", "involuntary_switches")
        if not other.keys() >= set(kinds):
            return None
        return sum(int(other[kind]) for kind in kinds)


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
    machine: Machine
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

"""Digests: the part of a run's document that a comparison needs.

Histograms are left out, so that thousands of stored results are read in seconds.  They are
read only where a job has several copies, which must be added up.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from laiobench.results.copies import by_job
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
    """The same with its histogram, so that the copies of a job can be added up."""

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
    """The same with histograms."""

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
        """The directions in which the job did I/Os, by name."""
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
    """The same with histograms."""

    read: DirectionBins | None = None
    write: DirectionBins | None = None
    trim: DirectionBins | None = None
    sync: DirectionBins | None = None


class RunDigest(Record):
    """What a comparison needs of a run's document."""

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
        """The copies of each job, by what it is called (`laiobench.results.copies`)."""
        return by_job(self.jobs)


class RunBins(RunDigest):
    """The same with histograms."""

    jobs: Sequence[JobBins]


def digest(document: RunResult | bytes | str | Mapping[str, Any]) -> RunDigest:
    """The digest of a run: of a result, or of a document as text or as parsed JSON.

    Raises:
        pydantic.ValidationError: it is not the document of a run.
    """
    if isinstance(document, RunResult):
        document = document.model_dump(by_alias=True)
    lean = _read(RunDigest, _without_bins(document) if isinstance(document, bytes) else document)
    has_copies = any(len(copies) > 1 for copies in lean.copies.values())
    return _read(RunBins, document) if has_copies else lean


def _without_bins(text: bytes) -> bytes:
    """Cut the histograms out: they are most of a document, and parsing takes its time by size."""
    first, *rest = text.split(b'"histogram":')
    return b'"histogram":'.join([first, *map(_without_first_list, rest)])


def _without_first_list(text: bytes) -> bytes:
    """The text after a key `"histogram":`, with its list of pairs (up to `]]`) made empty."""
    end = text.find(b"]]")
    has_pairs = text[:8].lstrip().startswith(b"[[")
    return b"[]" + text[end + 2 :] if has_pairs and end > 0 else text


def _read(model: type[RunDigest], document: bytes | str | Mapping[str, Any]) -> RunDigest:
    if isinstance(document, bytes | str):
        return model.model_validate_json(document)
    return model.model_validate(document)

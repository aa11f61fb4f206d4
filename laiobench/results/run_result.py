"""RunResult: the document of a run, which is also what the Python API returns.

One model for writing, reading back, and the published JSON Schema.  Any number
shown anywhere can be recomputed from it.  Latencies are in ns; a histogram's
pairs are the largest value that a bin counts, and the count.
"""

import shlex
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from pydantic import ConfigDict, Field

from laiobench import words
from laiobench.results import notebook, run_parts
from laiobench.results.free_form import Counters, Machine, Options
from laiobench.results.histogram import Counts
from laiobench.results.model import Amount, Measured, Name, Percentage, Record, Time, Whole, json_of
from laiobench.results.warning import Warning

if TYPE_CHECKING:
    import pandas


class Latency(Record):
    """One kind of latency of one direction, in ns."""

    count: Whole
    min: Whole
    max: Whole
    mean: Measured
    stddev: Amount
    percentiles: dict[Percentage, Whole]
    histogram: list[tuple[Whole, Whole]] = Field(
        description="[largest value of a bin, count]", repr=False
    )
    overflow: Whole = Field(
        0, description="values above 60 s, which have no bin: percentiles take them for max"
    )

    @property
    def counts(self) -> Counts:
        """What percentiles are of."""
        return Counts(self.histogram, self.max, self.overflow)


Of = TypeVar("Of")


class LatenciesOfEveryIo(Record, Generic[Of]):
    """A field for each latency that the core records of every I/O, by its name there.

    `Of` is what is told of it.  What is added here has a default, for documents of before.
    """

    slat_ns: Of
    clat_ns: Of
    lat_ns: Of


class _Direction(Record):
    ios: Whole
    bytes: Whole
    iops: Measured
    bw_bytes: Measured = Field(description="bytes per second")
    short_ios: Whole = Field(description="of the ios: those that took several completions")
    errors: dict[str, Whole]


class DirectionResult(LatenciesOfEveryIo[Latency], _Direction):
    """Successful I/Os only; errors are counted by name, `eof` where data had vanished."""

    response_ns: Latency | None = Field(None, description="since it was due; only with a rate")

    def latencies(self) -> dict[str, Latency]:
        """Those that it has, by the core's names: fields of this type, without the unit."""
        return {
            name.removesuffix("_ns"): value for name, value in self if isinstance(value, Latency)
        }


class Cpu(Record):
    """Of the job's IOThreads while a job of theirs was measured; per I/O of all these jobs.

    All 0 where it is not known, since the job was left in mid-flight.
    """

    user_ns: Whole
    system_ns: Whole
    per_io_ns: Measured
    ios: Whole | None = Field(
        None, description="of all these jobs, while they were measured; null: not known"
    )
    measured_ns: Whole | None = Field(
        None, description="how long that was, added up over the IOThreads; null: not known"
    )

    @property
    def total_ns(self) -> int:
        return self.user_ns + self.system_ns

    @property
    def shared_ios(self) -> int:
        """The I/Os that all that is counted of these IOThreads is shared by; 0: not known."""
        if self.ios is not None:
            return self.ios
        # A document of an earlier version.
        return round(self.total_ns / self.per_io_ns) if self.per_io_ns else 0


class Accounts(Record):
    """Of the job's whole life, ramp and drain included."""

    submitted: int
    completed: int
    failed: int
    cancelled: int


class ProofRule(Record):
    """Two numbers counted independently, and whether they are as they must be."""

    rule: str
    holds: bool
    left: int
    right: int


class WorkerResult(Record):
    """What proof rules compare: of an IOThread's whole life, ramp and drain included."""

    iothread: str
    accounts: Accounts
    counters: Counters
    leftover_events: int = Field(description="found in the eventfd when all was reaped")


class SeriesPoint(Record):
    """An interval, by when it ended since the window opened; latencies are lat."""

    t_ns: int
    ios: Whole
    bytes: Whole
    p50_ns: Whole | None = Field(description="null in an interval without I/Os")
    p99_ns: Whole | None
    max_ns: Whole | None = Field(description="the largest, or the bin that it is in")


class _Stretch(Record):
    t_ns: int
    length_ns: int
    direction: str
    ios: int
    bytes: int


class LogWindow(LatenciesOfEveryIo[float], _Stretch):
    """A stretch of a log in one direction, by when it ended since the window opened; means."""


if TYPE_CHECKING:
    # None where the job had no such I/Os, which its `rw` tells: to ask again each time would
    # tell nothing, so type checkers let `result.jobs[0].read.iops` pass.
    MaybeDirection = DirectionResult | Any
else:
    MaybeDirection = DirectionResult | None


class JobResult(Record):
    """One copy of a job."""

    name: Name
    copy_index: int = Field(alias="copy", description="which of numjobs, from 0")
    group: int = Field(description="jobs of one group ran together")
    iothreads: list[Name] = Field(description="those that it ran on, the first one first")
    target: Name | None
    options: Options = Field(description="every option, resolved", repr=False)
    runtime_ns: Whole
    window_start_ns: Whole = Field(0, description="when it began to measure (CLOCK_MONOTONIC)")
    read: MaybeDirection = None
    write: MaybeDirection = None
    trim: MaybeDirection = None
    sync: MaybeDirection = None
    verify: run_parts.VerifyResult | None = None
    pacing: run_parts.PacingResult | None = None
    latency_target: run_parts.DepthSearchResult | None = None
    steadystate: run_parts.SteadyStateResult | None = None
    cpu: Cpu
    accounts: Accounts
    counters: Counters = Field(description="in the measured window", repr=False)
    workers: list[WorkerResult] = Field(repr=False)
    proof: list[ProofRule] = Field(repr=False)
    series: list[SeriesPoint] = Field(repr=False)
    windows: list[LogWindow] = Field(
        default=[],
        description="with log_avg_msec and a write_*_log; of more than 4,096 in a direction "
        "neighbours are merged, and the log has all",
        repr=False,
    )

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    @property
    def measured_ns(self) -> int:
        """How long its IOThreads were watched for what they cost; added up."""
        if self.cpu.measured_ns is not None:
            return self.cpu.measured_ns
        return self.runtime_ns * max(1, len(self.iothreads))  # a document of an earlier version

    def directions(self) -> dict[str, DirectionResult]:
        """Those that the job has, by name."""
        return {
            name: direction
            for name in words.DIRECTIONS
            if (direction := getattr(self, name)) is not None
        }

    @property
    def ios(self) -> int:
        """All that it completed but syncs, which are counted apart."""
        return words.ios_of(self.directions())


class Tool(Record):
    """What measured."""

    name: str = "laiobench"
    version: str
    build: str = Field(description="hash of the C core's sources")


class ClockFacts(Record):
    """How time was read."""

    source: Literal["cpu", "clock_gettime"]
    read_ns: float = Field(description="what one reading costs")
    drift_ppm: float = Field(description="against CLOCK_MONOTONIC, over the run")


class Head(Record):
    """What a document of any version begins with."""

    schema_version: int = Field(alias="schema", ge=1)
    kind: str


class RunResult(Record):
    """The document of one run."""

    schema_version: Literal[1] = Field(1, alias="schema")
    kind: Literal["run"] = "run"
    status: Literal["ok", "failed", "interrupted"]
    failures: list[str] = Field(description="why the status is failed, in sentences")
    tool: Tool
    argv: list[str]
    started_at: Time = Field(description="UTC, ISO 8601")
    machine: Machine
    clock: ClockFacts
    notes: list[str] = Field(
        default=[], description="options that were accepted and have no meaning here, in sentences"
    )
    spike: Amount | None = Field(
        None,
        description="a slowness that was planted, as a share of each I/O, to prove that it is "
        "found: the target is not so slow; null: none",
    )
    warnings: list[Warning]
    jobs: list[JobResult]

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    def to_json(self) -> str:
        """The document as text."""
        return json_of(self)

    def to_frame(self) -> "pandas.DataFrame":
        """A row for each direction of each copy of a job, for pandas.

        Raises:
            ExtraMissing: it is not installed.
        """
        return notebook.frame(notebook.run_rows(self))

    def __repr__(self) -> str:
        return notebook.run_line(self)

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return notebook.run_html(self)

    def runs(self) -> list[tuple[str | None, "RunResult"]]:
        """Itself, which is of no variant."""
        return [(None, self)]

    def runs_to_compare(self) -> list["RunResult"]:
        """Itself."""
        return [self]

    @property
    def cpu_model(self) -> str:
        return str(self.machine.get("cpu", {}).get("model", ""))

    @property
    def command(self) -> str:
        """What was typed."""
        return shlex.join(self.argv)

"""RunResult: the document of a run, which is also what the Python API returns.

One model serves to write documents, to read them back, and to make the JSON Schema.  Every
number that is shown anywhere can be computed from it.  Latencies are in ns.  A pair of a
histogram is the largest value that a bin counts, and the count.
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
        0,
        description="how many values were above 60 s and have no bin; percentiles count them "
        "as max",
    )

    @property
    def counts(self) -> Counts:
        """The histogram, from which any percentile can be computed."""
        return Counts(self.histogram, self.max, self.overflow)


Of = TypeVar("Of")


class LatenciesOfEveryIo(Record, Generic[Of]):
    """A field for each latency that the core records of every I/O, by the core's name.

    `Of` is the type of the fields.  A field that is added later needs a default, since
    documents of earlier versions lack it.
    """

    slat_ns: Of
    clat_ns: Of
    lat_ns: Of


class _Direction(Record):
    ios: Whole
    bytes: Whole
    iops: Measured
    bw_bytes: Measured = Field(description="bytes per second")
    short_ios: Whole = Field(description="how many of the ios came back short, and were continued")
    errors: dict[str, Whole]


class DirectionResult(LatenciesOfEveryIo[Latency], _Direction):
    """One direction.  Only successful I/Os are counted; errors by name, `eof`: no data came."""

    response_ns: Latency | None = Field(
        None, description="from when the I/O was due; null: the job has no rate"
    )

    def latencies(self) -> dict[str, Latency]:
        """The latencies that were recorded, by the core's names, such as `lat`."""
        return {
            name.removesuffix("_ns"): value for name, value in self if isinstance(value, Latency)
        }


class Cpu(Record):
    """CPU time of the job's IOThreads while jobs on them were measured.

    Jobs that share an IOThread share its CPU time: `per_io_ns` divides it by the I/Os of all
    of them.  All 0 where it is not known, because the job hung and was left behind.
    """

    user_ns: Whole
    system_ns: Whole
    per_io_ns: Measured
    ios: Whole | None = Field(
        None, description="of all jobs on these IOThreads, while measured; null: not known"
    )
    measured_ns: Whole | None = Field(
        None, description="time measured, added up over the IOThreads; null: not known"
    )

    @property
    def total_ns(self) -> int:
        return self.user_ns + self.system_ns

    @property
    def shared_ios(self) -> int:
        """The I/Os of all jobs on these IOThreads, by which costs are divided; 0: not known."""
        if self.ios is not None:
            return self.ios
        # a document of an earlier version
        return round(self.total_ns / self.per_io_ns) if self.per_io_ns else 0


class Accounts(Record):
    """What became of all requests of the job, in ramp, window and drain."""

    submitted: int
    completed: int
    failed: int
    cancelled: int


class ProofRule(Record):
    """A rule on two numbers that are counted independently, and whether it holds."""

    rule: str
    holds: bool
    left: int
    right: int


class WorkerResult(Record):
    """What one IOThread counted for the job in ramp, window and drain; proof rules use it."""

    iothread: str
    accounts: Accounts
    counters: Counters
    leftover_events: int = Field(description="the eventfd's count after all requests were reaped")
    engine_flags: list[str] = Field(
        default_factory=list, description="how its engine was set up, by the kernel's names"
    )
    engine_flags_refused: list[str] = Field(
        default_factory=list, description="of these, what the kernel is too old for"
    )


class SeriesPoint(Record):
    """An interval of the window; `t_ns` is its end, from the window's start; latencies are lat."""

    t_ns: int
    ios: Whole
    bytes: Whole
    p50_ns: Whole | None = Field(description="null in an interval without I/Os")
    p99_ns: Whole | None
    max_ns: Whole | None = Field(description="the largest lat, or the largest value of its bin")


class _Stretch(Record):
    t_ns: int
    length_ns: int
    direction: str
    ios: int
    bytes: int


class LogWindow(LatenciesOfEveryIo[float], _Stretch):
    """A window of a log in one direction; `t_ns` is its end; latencies are means."""


if TYPE_CHECKING:
    # None where the job did no such I/Os.  Who uses the API knows the job's `rw`, so type
    # checkers accept `result.jobs[0].read.iops` without a check for None.
    MaybeDirection = DirectionResult | Any
else:
    MaybeDirection = DirectionResult | None


class JobResult(Record):
    """One copy of a job."""

    name: Name
    copy_index: int = Field(alias="copy", description="which of numjobs, from 0")
    group: int = Field(description="jobs of one group ran together")
    iothreads: list[Name] = Field(description="the IOThreads that it ran on")
    target: Name | None
    options: Options = Field(description="every option, with its final value", repr=False)
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
        description="with log_avg_msec and a write_*_log; above 4,096 in a direction, "
        "neighbours are merged here, and only the log has all",
        repr=False,
    )

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    @property
    def measured_ns(self) -> int:
        """The time over which costs were measured, added up over its IOThreads."""
        if self.cpu.measured_ns is not None:
            return self.cpu.measured_ns
        return self.runtime_ns * max(1, len(self.iothreads))  # a document of an earlier version

    def directions(self) -> dict[str, DirectionResult]:
        """The directions in which the job did I/Os, by name."""
        return {
            name: direction
            for name in words.DIRECTIONS
            if (direction := getattr(self, name)) is not None
        }

    @property
    def ios(self) -> int:
        """The I/Os that it completed; syncs do not count."""
        return words.ios_of(self.directions())


class Tool(Record):
    """The program that measured."""

    name: str = "laiobench"
    version: str
    build: str = Field(description="hash of the C core's sources")


class ClockFacts(Record):
    """How time was read."""

    source: Literal["cpu", "clock_gettime"]
    read_ns: float = Field(description="what one reading costs")
    drift_ppm: float = Field(description="against CLOCK_MONOTONIC, over the run")


class Head(Record):
    """The fields that documents of all kinds and versions have."""

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
        default=[], description="a sentence for each option that was accepted but has no effect"
    )
    spike: Amount | None = Field(
        None,
        description="a slowness that was added to what is recorded, as a share of each I/O, to "
        "prove that a comparison finds it; the target is faster; null: none",
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
            ExtraMissing: pandas is not installed.
        """
        return notebook.frame(notebook.run_rows(self))

    def __repr__(self) -> str:
        return notebook.run_line(self)

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return notebook.run_html(self)

    def runs(self) -> list[tuple[str | None, "RunResult"]]:
        """Itself, without a variant."""
        return [(None, self)]

    def runs_to_compare(self) -> list["RunResult"]:
        """Itself."""
        return [self]

    @property
    def cpu_model(self) -> str:
        return str(self.machine.get("cpu", {}).get("model", ""))

    @property
    def command(self) -> str:
        """The command line, quoted for a shell."""
        return shlex.join(self.argv)

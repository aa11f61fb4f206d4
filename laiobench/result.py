"""RunResult: the document of a run, which is also what the Python API returns.

One model for writing, reading back, and the published JSON Schema.  Any number
shown anywhere can be recomputed from it.  Latencies are in ns; a histogram's
pairs are the largest value that a bin counts, and the count.
"""

import errno
import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ConfigDict, Field

from laiobench import caveats, integrity, machine, native, notebook, proof, timing
from laiobench.histogram import PERCENTILES, Counts, Histogram, bin_high, counts_of_bins
from laiobench.job import Job
from laiobench.layout import Work
from laiobench.record import Record
from laiobench.runner import Trial, WorkRun
from laiobench.series import Series
from laiobench.units import NS_PER_S, format_exact, format_ns
from laiobench.version import __version__
from laiobench.windows import Window

if TYPE_CHECKING:
    import pandas

SCHEMA_VERSION = 1


class Latency(Record):
    """One kind of latency of one direction, in ns."""

    count: int
    min: int
    max: int
    mean: float
    stddev: float
    percentiles: dict[str, int]
    histogram: list[tuple[int, int]] = Field(
        description="[largest value of a bin, count]", repr=False
    )
    overflow: int = Field(
        0, description="values above 60 s, which have no bin: percentiles take them for max"
    )

    @property
    def counts(self) -> Counts:
        """What percentiles are of."""
        return Counts(self.histogram, self.max, self.overflow)


class DirectionResult(Record):
    """Successful I/Os only; errors are counted by name, `eof` where data had vanished."""

    ios: int
    bytes: int
    iops: float
    bw_bytes: float = Field(description="bytes per second")
    short_ios: int = Field(description="of the ios: those that took several completions")
    errors: dict[str, int]
    slat_ns: Latency
    clat_ns: Latency
    lat_ns: Latency
    response_ns: Latency | None = Field(None, description="since it was due; only with a rate")


class Cpu(Record):
    """Of the job's IOThreads while a job of theirs was measured; per I/O of all these jobs.

    All 0 where it is not known, since the job was left in mid-flight.
    """

    user_ns: int
    system_ns: int
    per_io_ns: float
    measured_ns: int | None = Field(
        None, description="how long that was, added up over the IOThreads; null: not known"
    )


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
    counters: dict[str, dict[str, Any]]
    leftover_events: int = Field(description="found in the eventfd when all was reaped")


class SeriesPoint(Record):
    """An interval, by when it ended since the window opened; latencies are lat."""

    t_ns: int
    ios: int
    bytes: int
    p50_ns: int | None = Field(description="null in an interval without I/Os")
    p99_ns: int | None
    max_ns: int | None = Field(description="the largest, or the bin that it is in")


class LogWindow(Record):
    """A stretch of a log in one direction, by when it ended since the window opened; means."""

    t_ns: int
    length_ns: int
    direction: str
    ios: int
    bytes: int
    slat_ns: float
    clat_ns: float
    lat_ns: float


class SeenWarning(Record):
    """Why the numbers may mean less than they seem to."""

    id: str
    seen: str
    why: str
    do: str


if TYPE_CHECKING:
    # None where the job had no such I/Os, which its `rw` tells: to ask again each time would
    # tell nothing, so type checkers let `result.jobs[0].read.iops` pass.
    MaybeDirection = DirectionResult | Any
else:
    MaybeDirection = DirectionResult | None


class JobResult(Record):
    """One copy of a job."""

    name: str
    copy_index: int = Field(alias="copy", description="which of numjobs, from 0")
    group: int = Field(description="jobs of one group ran together")
    iothreads: list[str] = Field(description="those that it ran on, the first one first")
    target: str | None
    options: dict[str, Any] = Field(description="every option, resolved", repr=False)
    runtime_ns: int
    window_start_ns: int = Field(0, description="when it began to measure (CLOCK_MONOTONIC)")
    read: MaybeDirection = None
    write: MaybeDirection = None
    trim: MaybeDirection = None
    sync: MaybeDirection = None
    verify: integrity.VerifyResult | None = None
    pacing: timing.PacingResult | None = None
    latency_target: timing.DepthSearchResult | None = None
    steadystate: timing.SteadyStateResult | None = None
    cpu: Cpu
    accounts: Accounts
    counters: dict[str, dict[str, Any]] = Field(description="in the measured window", repr=False)
    workers: list[WorkerResult] = Field(repr=False)
    proof: list[ProofRule] = Field(repr=False)
    series: list[SeriesPoint] = Field(repr=False)
    windows: list[LogWindow] = Field(
        default=[], description="with log_avg_msec and a write_*_log", repr=False
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
            for name in native.DIRECTIONS
            if (direction := getattr(self, name)) is not None
        }

    @property
    def ios(self) -> int:
        """All that it completed but syncs, which are counted apart."""
        return sum(part.ios for name, part in self.directions().items() if name != "sync")


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

    schema_version: int = Field(alias="schema")
    kind: str


class RunResult(Record):
    """The document of one run."""

    schema_version: int = Field(SCHEMA_VERSION, alias="schema")
    kind: Literal["run"] = "run"
    status: Literal["ok", "failed", "interrupted"]
    failures: list[str] = Field(description="why the status is failed, in sentences")
    tool: Tool
    argv: list[str]
    started_at: str = Field(description="UTC, ISO 8601")
    machine: dict[str, Any]
    clock: ClockFacts
    notes: list[str] = Field(
        default=[], description="options that were accepted and have no meaning here, in sentences"
    )
    warnings: list[SeenWarning]
    jobs: list[JobResult]

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    def to_json(self) -> str:
        """The document as text."""
        return self.model_dump_json(by_alias=True, exclude_none=False)

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

    @property
    def cpu_model(self) -> str:
        return str(self.machine.get("cpu", {}).get("model", ""))

    @property
    def command(self) -> str:
        """What was typed."""
        return shlex.join(self.argv)


# ---- from a trial ----------------------------------------------------------------


def from_trial(
    trial: Trial, argv: Sequence[str] | None = None, notes: Sequence[str] = ()
) -> RunResult:
    """Give a trial its meaning: rates, percentiles, proof, status."""
    jobs = [_job_result(run) for run in trial.runs]
    failures = [*_failures(trial, jobs), *trial.failures]
    status: Literal["ok", "failed", "interrupted"] = "failed" if failures else "ok"
    targets = [run.work.target.path for run in trial.runs if run.work.target]
    return RunResult(
        status="interrupted" if trial.interrupted else status,
        failures=failures,
        tool=Tool(version=__version__, build=native.source_hash()),
        argv=[printable(word) for word in (sys.argv if argv is None else argv)],
        started_at=trial.started_at.isoformat().replace("+00:00", "Z"),
        machine=machine.describe(targets),
        clock=ClockFacts(
            source="cpu" if trial.clock.hardware else "clock_gettime",
            read_ns=trial.clock.read_ns,
            drift_ppm=trial.clock.drift_ppm,
        ),
        notes=list(notes),
        warnings=[SeenWarning(**vars(caveat)) for caveat in caveats.find(trial)],
        jobs=jobs,
    )


def _job_result(run: WorkRun) -> JobResult:
    work, raw, usage = run.work, run.raw, run.usage
    directions = {
        name: _direction_result(
            direction, run.window_ns, work.job, has_response=timing.rate_of(work.job, name)
        )
        for name, direction in raw.directions.items()
    }
    cpu = _cpu(run, usage)
    counters = run.counters
    return JobResult(
        name=work.job.name,
        copy_index=work.copy,
        group=work.group,
        iothreads=[worker.name for worker in run.workers],
        target=printable(work.target.path) if work.target else None,
        options=_options(work),
        runtime_ns=run.window_ns,
        window_start_ns=raw.window_start_ns,
        verify=integrity.verify_result(run),
        pacing=timing.pacing_result(run),
        latency_target=timing.depth_search_result(run),
        steadystate=timing.steady_state_result(run.steady),
        cpu=cpu,
        accounts=Accounts(
            submitted=raw.submitted,
            completed=raw.completed,
            failed=raw.failed,
            cancelled=raw.cancelled,
        ),
        counters={**counters, "other": {**counters["other"], **usage}},
        workers=[_worker_result(worker) for worker in run.workers],
        proof=_proof(run),
        series=_series(run.series, raw.window_start_ns),
        windows=[_log_window(window, raw.window_start_ns) for window in run.windows],
        **directions,
    )


def _worker_result(worker: native.RawWorker) -> WorkerResult:
    return WorkerResult(
        iothread=worker.name,
        accounts=Accounts(
            submitted=worker.submitted,
            completed=worker.completed,
            failed=worker.failed,
            cancelled=worker.cancelled,
        ),
        counters=worker.life,
        leftover_events=worker.leftover_events,
    )


def _cpu(run: WorkRun, usage: dict[str, int]) -> Cpu:
    """Takes its members out of `usage`.  The total is exact; its parts are as of a tick."""
    total, user, system = (usage.pop(name) for name in ("cpu_ns", "user_ns", "system_ns"))
    measured_ns = usage.pop("measured_ns")
    user_ns = round(total * user / (user + system)) if user + system else 0
    return Cpu(
        user_ns=user_ns,
        system_ns=total - user_ns,
        per_io_ns=total / run.ios_of_workers if run.ios_of_workers else 0.0,
        measured_ns=measured_ns or None,
    )


def _proof(run: WorkRun) -> list[ProofRule]:
    """Of each of its workers; none while I/Os are in flight."""
    if not run.raw.has_finished:
        return []
    return [
        ProofRule(
            rule=f"{rule.rule} (on {worker.name})" if len(run.workers) > 1 else rule.rule,
            holds=rule.holds,
            left=rule.left,
            right=rule.right,
        )
        for worker in run.workers
        for rule in proof.check(run.work.job, worker, is_notified=run.is_notified)
    ]


def printable(text: str) -> str:
    """File names need not be UTF-8, but documents must."""
    return text.encode(errors="surrogateescape").decode(errors="replace")


def _options(work: Work) -> dict[str, Any]:
    """Every option, with what the target decided filled in."""
    resolved = {
        name: printable(value) if isinstance(value, str) else value
        for name, value in work.job.model_dump().items()
    }
    if work.target:
        resolved["filename"] = printable(work.target.path)
    resolved["randseed"] = work.job.seed
    if resolved["size"] is None:
        resolved["size"] = work.region.size
    return resolved


def _direction_result(
    raw: native.RawDirection, runtime_ns: int, job: Job, *, has_response: bool
) -> DirectionResult:
    seconds = runtime_ns / NS_PER_S
    wanted = sorted({*PERCENTILES, *(job.percentile_list or ())})
    errors = {errno.errorcode.get(code, str(code)): count for code, count in raw.errors.items()}
    if raw.eofs:
        errors["eof"] = raw.eofs
    return DirectionResult(
        ios=raw.ios,
        bytes=raw.bytes,
        iops=raw.ios / seconds if seconds else 0.0,
        bw_bytes=raw.bytes / seconds if seconds else 0.0,
        short_ios=raw.short_ios,
        errors=errors,
        slat_ns=_latency(raw.latency["slat"], wanted if job.slat_percentiles else ()),
        clat_ns=_latency(raw.latency["clat"], wanted if job.clat_percentiles else ()),
        lat_ns=_latency(raw.latency["lat"], wanted if job.lat_percentiles else ()),
        response_ns=_latency(raw.latency["response"], wanted) if has_response else None,
    )


def _latency(raw: native.RawLatency, wanted: Sequence[float]) -> Latency:
    histogram = Histogram(raw.bins, raw.min, raw.max, raw.sum, raw.overflow)
    return Latency(
        count=histogram.count,
        min=raw.min,
        max=raw.max,
        mean=histogram.mean,
        stddev=histogram.stddev,
        percentiles={
            format_exact(key): value for key, value in histogram.percentiles(wanted).items()
        },
        histogram=[(bin_high(index), count) for index, count in raw.bins],
        overflow=raw.overflow,
    )


def _series(series: Series, window_start_ns: int) -> list[SeriesPoint]:
    points = []
    for point in series:
        at = counts_of_bins(point.bins, point.max_ns).percentiles((50.0, 99.0, 100.0))
        points.append(
            SeriesPoint(
                t_ns=point.end_ns - window_start_ns,
                ios=point.ios,
                bytes=point.size_bytes,
                p50_ns=at.get(50.0),
                p99_ns=at.get(99.0),
                max_ns=at.get(100.0),
            )
        )
    return points


def _log_window(window: Window, window_start_ns: int) -> LogWindow:
    slat_ns, clat_ns, lat_ns = window.latency_ns
    return LogWindow(
        t_ns=window.end_ns - window_start_ns,
        length_ns=window.length_ns,
        direction=window.direction,
        ios=window.ios,
        bytes=window.size_bytes,
        slat_ns=slat_ns,
        clat_ns=clat_ns,
        lat_ns=lat_ns,
    )


# ---- status ----------------------------------------------------------------------


def _failures(trial: Trial, jobs: Sequence[JobResult]) -> list[str]:
    """Sentences; none: all is well."""
    failures: list[str] = []
    for run, job in zip(trial.runs, jobs, strict=True):
        failures += [
            *timing.failures(run, interrupted=trial.interrupted),
            *_failures_of(run, job),
            *(() if run.work.job.tolerates("verify") else integrity.failures(job.name, job.verify)),
        ] or _nothing_measured(job, trial.interrupted)
    return failures


def _failures_of(run: WorkRun, job: JobResult) -> list[str]:
    failures = [
        f"{job.name}: the event loop failed: {worker.failure}"
        for worker in run.workers
        if worker.failure
    ]
    failures += _broken_rules(job)
    return failures + _io_errors(run, job)


def _nothing_measured(job: JobResult, interrupted: bool) -> list[str]:
    """Nobody said why, and yet this is no measurement."""
    if interrupted or job.ios or (job.verify and job.verify.blocks):
        return []
    return [
        f"{job.name}: no I/O was completed in {format_ns(job.runtime_ns)}, so nothing was measured"
    ]


def _broken_rules(job: JobResult) -> list[str]:
    return [
        f"{job.name}: a proof rule does not hold: {rule.rule}: {rule.left:,} against {rule.right:,}"
        for rule in job.proof
        if not rule.holds
    ]


def _io_errors(run: WorkRun, job: JobResult) -> list[str]:
    failures = []
    options = run.work.job
    for name, direction in job.directions().items():
        if options.tolerates(name):
            continue
        errors = dict(direction.errors)
        if options.nowait:
            errors.pop("EAGAIN", None)  # an answer that was asked for
        if errors:
            kinds = ", ".join(f"{count:,} × {kind}" for kind, count in errors.items())
            failures.append(f"{job.name}: {name} I/Os failed: {kinds}")
    in_window = sum(sum(d.errors.values()) for d in job.directions().values())
    unreadable = run.raw.verify.unreadable if run.raw.verify else 0  # told of by integrity
    unseen = job.accounts.failed - in_window - unreadable
    may_fail = options.nowait or all(map(options.tolerates, job.directions()))
    if unseen and not may_fail:
        failures.append(f"{job.name}: {unseen:,} I/Os failed before the measured window")
    if run.raw.gave_up:
        failures.append(f"{job.name} was ended, since nothing but failures came back")
    if run.raw.stalled:
        failures.append(
            f"{job.name} was ended by a fault in laiobench itself: it had I/Os to issue, none was "
            "in flight, and nothing would have woken it; please report it, with the command line"
        )
    return failures

"""Running jobs: from checked jobs to what the core measured.

Runs group after group, takes samples, and passes on what the user asks for
meanwhile.  Knows nothing of results, files or words; what it yields is a Trial.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from laiobench.errors import RunError
from laiobench.jobs.options import Job
from laiobench.measurement.control import Control, Progress, Teller, Watcher
from laiobench.measurement.plan.copy import JobCopy
from laiobench.measurement.plan.placement import lay_out, to_run
from laiobench.measurement.plan.threads import WorkerLayout, plan_workers
from laiobench.measurement.plan.throttles import ThrottleLayout, plan_throttle_groups
from laiobench.measurement.plan.verify_regions import check_verified_regions
from laiobench.measurement.plan.verify_state import Verification, verification_of
from laiobench.measurement.plan.waits import check_waits, waits_of
from laiobench.measurement.targets import Permission, Targets, scratch
from laiobench.measurement.trial import JobRun, Trial
from laiobench.measurement.watch.bad_blocks import save_dumps
from laiobench.measurement.watch.exit_all import ExitAll
from laiobench.measurement.watch.log_windows import Windows
from laiobench.measurement.watch.steady_jobs import SteadyJobs
from laiobench.measurement.watch.stuck_io import DEFAULT_HANG_TIMEOUT_S, Hang, HangWatch
from laiobench.measurement.watch.time_series import Series, make_point
from laiobench.native import (
    ClockReport,
    JobPlan,
    NativeRun,
    RunPlan,
    RunReport,
    Sample,
)

SAMPLE_INTERVAL_S = 1.0

# No longer than this passes between a signal and our noticing it.
_LONGEST_WAIT_S = 0.25


@dataclass(frozen=True)
class RunContext:
    """What running jobs needs to know besides the jobs."""

    control: Control
    targets: Targets
    watch: Watcher | None = None
    tell: Teller = lambda _: None
    """Is given sentences for the user, such as what is waited for."""
    warn: Teller = lambda _: None
    """Is given those that must not be missed: I/Os do not come back."""
    hang_timeout_s: float = DEFAULT_HANG_TIMEOUT_S
    """After so long an I/O that is not back is told of; 0: never."""


# ---- running -----------------------------------------------------------------------


@dataclass
class _Group:
    """Works that run together."""

    copies: list[JobCopy]
    workers: WorkerLayout = field(init=False)
    throttles: ThrottleLayout = field(init=False)
    series: list[Series] = field(init=False)
    copies_of: dict[int, set[int]] = field(init=False)
    """Which copies may come to each worker; both by index."""

    waits: list[range] = field(init=False)
    verifications: list[Verification | None] = field(default_factory=list)
    steady: SteadyJobs | None = None
    windows: Windows | None = None
    exiting: ExitAll | None = None
    was_stopped: bool = False
    """Jobs were asked to stop in mid-run."""

    def __post_init__(self) -> None:
        self.workers = plan_workers(self.copies)
        self.waits = waits_of(self.copies)
        self.throttles = plan_throttle_groups(self.copies)
        self.series = [Series() for _ in self.copies]
        self.copies_of = {}
        for copy, ring in enumerate(self.workers.rings):
            for worker in ring:
                self.copies_of.setdefault(worker, set()).add(copy)

    def plan(self) -> RunPlan:
        self.verifications = [verification_of(copy) for copy in self.copies]
        copies = tuple(
            JobPlan(
                job=copy.job,
                worker=ring[0],
                fd=copy.target.fd if copy.target else -1,
                limits=copy.target.limits if copy.target else None,
                region_start=copy.region.start,
                region_bytes=copy.region.length,
                region_blocks=copy.region.blocks,
                step_bytes=copy.region.step_bytes,
                ios=copy.ios,
                bytes=copy.bytes,
                seed=copy.seed,
                throttle=throttle,
                start_delay_s=copy.start_delay_s,
                phase=copy.phase,
                waits_for=waits_for,
                verify=verification.plan if verification else None,
            )
            for copy, ring, throttle, waits_for, verification in zip(
                self.copies,
                self.workers.rings,
                self.throttles.indexes,
                self.waits,
                self.verifications,
                strict=True,
            )
        )
        return RunPlan(self.workers.plans, copies, self.throttles.plans)

    def _sharing(self, ring: tuple[int, ...]) -> set[int]:
        """The copies that may come to any of these workers."""
        return set().union(*(self.copies_of[worker] for worker in ring))

    def _is_notified(self, ring: tuple[int, ...]) -> bool:
        """Whether a copy that may come to these workers moves, waits, or is handed turns."""
        return any(
            len(self.workers.rings[index]) > 1
            or self.throttles.is_shared(index)
            or len(self.waits[index]) > 0
            or (self.was_stopped and self.copies[index].job.may_idle)
            for index in self._sharing(ring)
        )

    def runs(self, report: RunReport) -> list[JobRun]:
        """What became of each copy."""
        ios = [job.ios for job in report.jobs]
        rings = self.workers.rings
        return [
            JobRun(
                copy=copy,
                report=job,
                workers=tuple(report.workers[index] for index in ring),
                ios_of_workers=sum(ios[index] for index in self._sharing(ring)),
                is_notified=self._is_notified(ring),
                series=series,
                steady=self.steady.outcome(index) if self.steady else None,
                windows=self.windows.of(index) if self.windows else (),
                was_exited=self.exiting is not None and self.exiting.has_ended_all,
                dumps=save_dumps(copy, job.verify),
            )
            for index, (copy, job, ring, series) in enumerate(
                zip(self.copies, report.jobs, rings, self.series, strict=True)
            )
        ]


def _groups(copies: Sequence[JobCopy]) -> list[_Group]:
    numbers = sorted({copy.group for copy in copies})
    return [_Group([copy for copy in copies if copy.group == number]) for number in numbers]


def run_jobs(
    jobs: Sequence[Job],
    *,
    allow_write: Permission | Sequence[str] = (),
    control: Control | None = None,
    watch: Watcher | None = None,
    tell: Teller = lambda _: None,
    warn: Teller = lambda _: None,
    hang_timeout_s: float = DEFAULT_HANG_TIMEOUT_S,
) -> Trial:
    """Run all jobs, group after group.

    Args:
        jobs: what to run.
        allow_write: the targets whose data may be lost.
        control: asks to stop, from a signal handler.
        watch: gets a sample of every running job each second.
        tell: gets sentences for the user, such as what is waited for.
        warn: gets those that must not be missed: I/Os do not come back.
        hang_timeout_s: for so long an I/O may be away before that; 0: for ever.

    Raises:
        LaiobenchError: a target can't be used, or the first group could not be
            set up.  Once anything has been measured, it is returned.
    """
    control = control or Control()
    started_at = datetime.now(UTC)
    runs: list[JobRun] = []
    failures: list[str] = []
    hangs: list[Hang] = []
    clock = ClockReport(hardware=False, read_ns=0.0, drift_ppm=0.0)

    def prepare_scratch(size_bytes: int, folder: str | None) -> str:
        path = scratch.prepare(
            size_bytes,
            folder,
            tell=tell,
            stop=lambda: control.stop,
            may_write=not targets.are_readonly,
        )
        return str(path)

    with Targets(allow_write, tell=tell, stop=lambda: control.stop) as targets:
        around = RunContext(control, targets, watch, tell, warn, hang_timeout_s)
        check_waits(jobs)
        copies = to_run(lay_out(jobs, targets, prepare_scratch))
        check_verified_regions(copies)
        for group in _groups(copies):
            if control.stop:
                break
            try:
                group_runs, clock, group_hangs = _run_group(group, around)
            except RunError as error:
                if not runs:
                    raise
                failures.append(f"the next group of jobs could not be run: {error.problem}")
                break
            runs += group_runs
            hangs += group_hangs
        if control.leave:
            targets.abandon()
    return Trial(tuple(runs), clock, started_at, control.stop, tuple(failures), tuple(hangs))


def _run_group(
    group: _Group, around: RunContext
) -> tuple[list[JobRun], ClockReport, Sequence[Hang]]:
    native_run = NativeRun(group.plan())
    group.steady = SteadyJobs(group.copies, native_run)
    group.windows = Windows(group.copies, native_run)
    group.exiting = ExitAll(group.copies, native_run)
    hang_watch = HangWatch(group.copies, native_run, around.hang_timeout_s, around.warn)
    try:
        with hang_watch:
            native_run.start()
            _follow(native_run, group, around)
        report = native_run.collect()
        for verification, job in zip(group.verifications, report.jobs, strict=True):
            if verification:
                verification.end(is_exact=job.has_finished)
        if around.control.leave:
            hang_watch.tell_what_is_left()
    finally:
        if around.control.leave:
            native_run.stop()  # closing would wait for what is in flight
        else:
            native_run.close()
    return group.runs(report), report.clock, hang_watch.hangs


def _follow(native_run: NativeRun, group: _Group, around: RunContext) -> None:
    """Until all have finished, or the user leaves: take samples, pass on requests."""
    control, exiting = around.control, group.exiting
    steady, windows = group.steady, group.windows
    assert steady is not None and windows is not None and exiting is not None
    started = last_sample = time.monotonic()
    stopped = finished = False
    while not finished and not control.leave:
        next_sample = last_sample + SAMPLE_INTERVAL_S
        next_look = min(
            next_sample, steady.next_look_s(), windows.next_look_s(), exiting.next_look_s()
        )
        wait_s = min(_LONGEST_WAIT_S, max(0.0, next_look - time.monotonic()))
        finished = native_run.wait(wait_s)
        if control.stop and not stopped:
            native_run.stop()
            stopped = True
        steady.look()
        windows.look(is_last=finished)
        exiting.look()
        group.was_stopped = stopped or steady.has_ended_any or exiting.has_ended_all
        now = time.monotonic()
        if now < next_sample and not finished:
            continue
        samples = _sample_all(native_run, group, is_last=finished)
        if around.watch:
            around.watch(
                [
                    Progress(
                        copy, now - started, now - last_sample, sample, native_run.totals(index)
                    )
                    for index, (copy, sample) in enumerate(zip(group.copies, samples, strict=True))
                ]
            )
        last_sample = now


def _sample_all(native_run: NativeRun, group: _Group, *, is_last: bool) -> list[Sample]:
    """Every job's newest interval, which its series keeps; one without I/Os is a stall."""
    for verification in group.verifications:
        if verification:
            verification.save()
    samples = [native_run.sample(index) for index in range(len(group.copies))]
    for index, sample in enumerate(samples):
        if sample.is_new_window:
            group.series[index] = Series()
        is_verifying = group.verifications[index] and not native_run.totals(index).is_measuring
        if sample.ios or not (is_last or is_verifying):
            group.series[index].add(
                make_point(sample.at_ns, sample.ios, sample.bytes, sample.bins, sample.max_ns)
            )
    return samples

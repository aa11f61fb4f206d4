"""Running jobs: from checked jobs to what the core measured.

Runs one group after the other, takes samples, and passes the user's requests on.  Knows
nothing of documents; it returns a Trial.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from laiobench.errors import RunError
from laiobench.files.below import Below
from laiobench.jobs.options import Job
from laiobench.measurement.control import Control, OnFilling, OnProgress, Progress, Teller
from laiobench.measurement.plan.copy import JobCopy
from laiobench.measurement.plan.group import GroupLayout
from laiobench.measurement.plan.placement import lay_out, to_run
from laiobench.measurement.plan.verify_regions import check_verified_regions
from laiobench.measurement.plan.verify_state import check_files, verification_of
from laiobench.measurement.plan.waits import check_waits
from laiobench.measurement.rehearsal import rehearse
from laiobench.measurement.targets import FillHooks, Permission, StandIns, Targets, scratch
from laiobench.measurement.trial import JobRun, Trial
from laiobench.measurement.watch.bad_blocks import save_dumps
from laiobench.measurement.watch.exit_all import ExitAll
from laiobench.measurement.watch.log_windows import LogSink, job_logs
from laiobench.measurement.watch.steady_jobs import steady_jobs
from laiobench.measurement.watch.stuck_io import DEFAULT_HANG_TIMEOUT_S, Hang, HangWatch
from laiobench.measurement.watch.time_series import Series, make_interval
from laiobench.measurement.watch.watcher import Watcher
from laiobench.native import ClockReport, NativeRun, RunReport, Sample

SAMPLE_INTERVAL_S = 1.0

# The longest time from a signal until the runner notices it.
_LONGEST_WAIT_S = 0.25


@dataclass(frozen=True)
class RunContext:
    """What the runner needs besides the jobs."""

    allow_write: Permission | Sequence[str] = ()
    """The targets that may be written to."""
    control: Control = field(default_factory=Control)
    """Requests to stop, from a signal handler."""
    watch: OnProgress | None = None
    """Is given a sample of every running job each second."""
    tell: Teller = lambda _: None
    """Is given sentences for the user, such as what the run waits for."""
    warn: Teller = lambda _: None
    """Is given sentences that must not be missed, such as that I/Os hang."""
    fill: OnFilling = lambda _: None
    """Is given the progress of a file that must be written before the run."""
    hang_timeout_s: float = DEFAULT_HANG_TIMEOUT_S
    """An I/O in flight for longer is reported; 0: never."""
    logs: LogSink | None = None
    """Is given the windows of jobs that write logs, as they end."""
    log_dir: str | os.PathLike[str] = ""
    """The folder for states of verifications and for bad blocks."""
    spike: float = 0.0
    """A slowness that the core is to add, as a share of each I/O's time; 0: none."""


# ---- running -----------------------------------------------------------------------


def run_jobs(jobs: Sequence[Job], context: RunContext) -> Trial:
    """Run all jobs, group after group.

    Raises:
        LaiobenchError: a target can't be used, or the first group could not be set up.
            Once anything has been measured, what was measured is returned.
    """
    control = context.control
    started_at = datetime.now(UTC)
    runs: list[JobRun] = []
    failures: list[str] = []
    hangs: list[Hang] = []
    clock = ClockReport(hardware=False, read_ns=0.0, drift_ppm=0.0)

    def prepare_scratch(size_bytes: int, folder: str | None) -> str:
        may_write = not targets.are_readonly
        return str(scratch.prepare(size_bytes, folder, hooks=hooks, may_write=may_write))

    folder = Below(Path(context.log_dir))
    hooks = FillHooks(context.tell, context.fill, lambda: control.stop)
    with Targets(context.allow_write, hooks) as targets:
        check_waits(jobs)
        check_files(jobs, folder)
        with StandIns(targets) as stand_ins:  # before files are written, which takes time
            layouts = _layouts(to_run(lay_out(jobs, stand_ins, stand_ins.scratch)))
            if stand_ins.are_needed:
                rehearse(layouts, folder, lambda: control.stop)
        for layout in _layouts(to_run(lay_out(jobs, targets, prepare_scratch))):
            if control.stop:
                break
            try:
                group_runs, clock, group_hangs = _run_group(layout, context, folder, len(runs) + 1)
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


def _layouts(copies: Sequence[JobCopy]) -> list[GroupLayout]:
    """The groups of copies, in the order in which they run.

    Raises:
        UsageError: options of copies that share something contradict each other.
    """
    check_verified_regions(copies)
    numbers = sorted({copy.group for copy in copies})
    return [GroupLayout.of([copy for copy in copies if copy.group == number]) for number in numbers]


def _run_group(
    layout: GroupLayout, context: RunContext, folder: Below, first_number: int
) -> tuple[list[JobRun], ClockReport, Sequence[Hang]]:
    group = _Group(layout, context, folder, first_number)
    native_run, control = group.run, context.control
    hang_watch = HangWatch(layout.copies, native_run, context.hang_timeout_s, context.warn)
    try:
        with hang_watch:
            native_run.start()
            _follow(group, context)
        report = native_run.collect()
        group.end_verifications(report)
        if control.leave:
            hang_watch.tell_what_is_left()
    finally:
        if control.leave:
            native_run.stop()  # closing would wait for I/Os in flight
        else:
            native_run.close()
    return group.outcome(report), report.clock, hang_watch.hangs


def _follow(group: "_Group", context: RunContext) -> None:
    """Take samples and pass requests on, until all jobs have finished or the user leaves."""
    native_run, control = group.run, context.control
    started = last_sample = time.monotonic()
    finished = False
    while not finished and not control.leave:
        next_sample = last_sample + SAMPLE_INTERVAL_S
        next_look = min([next_sample, *(watcher.next_look_s for watcher in group.watchers)])
        wait_s = min(_LONGEST_WAIT_S, max(0.0, next_look - time.monotonic()))
        finished = native_run.wait(wait_s)
        if control.stop and not group.was_asked_to_stop:
            native_run.stop()
            group.was_asked_to_stop = True
        now = time.monotonic()
        group.look(now, is_last=finished)
        if now < next_sample and not finished:
            continue
        samples = group.sample(is_last=finished)
        if context.watch:
            context.watch(
                [
                    Progress(
                        copy, now - started, now - last_sample, sample, native_run.totals(index)
                    )
                    for index, (copy, sample) in enumerate(
                        zip(group.layout.copies, samples, strict=True)
                    )
                ]
            )
        last_sample = now


# ---- a group ---------------------------------------------------------------------------


class _Group:
    """Copies that run at the same time in the core, and their watchers.

    Raises:
        RunError: it could not be set up.
    """

    def __init__(
        self, layout: GroupLayout, context: RunContext, folder: Below, first_number: int
    ) -> None:
        """`first_number` is the first copy's number, of all; files are saved into `folder`."""
        copies = layout.copies
        self.layout = layout
        self._folder = folder
        self.verifications = [verification_of(copy, folder) for copy in copies]
        self.run = NativeRun(
            layout.plan(
                [verified.plan if verified else None for verified in self.verifications],
                context.spike,
            )
        )
        self.series = [Series() for _ in copies]
        self.steady = steady_jobs(copies, self.run)
        self.logs = job_logs(copies, self.run, context.logs, first_number)
        self.exit_all = ExitAll.of(copies, self.run)
        self.watchers: list[Watcher] = [*self.steady.values(), *self.logs.values()]
        if self.exit_all:
            self.watchers.append(self.exit_all)
        self.was_asked_to_stop = False
        """Whether the user asked jobs to stop."""

    def look(self, now_s: float, *, is_last: bool) -> None:
        """Call each watcher that is due."""
        for watcher in self.watchers:
            if is_last and watcher.looks_at_the_end:
                watcher.look_at_the_end(now_s)
            elif now_s >= watcher.next_look_s:
                watcher.look(now_s)

    def sample(self, *, is_last: bool) -> list[Sample]:
        """The newest interval of every job, added to its series; one without I/Os is a stall."""
        for verification in self.verifications:
            if verification:
                verification.save()
        samples = [self.run.sample(index) for index in range(len(self.layout.copies))]
        for index, sample in enumerate(samples):
            if sample.is_new_window:
                self.series[index] = Series()
            is_verifying = self.verifications[index] and not self.run.totals(index).is_measuring
            if sample.ios or not (is_last or is_verifying):
                self.series[index].add(
                    make_interval(
                        sample.at_ns, sample.ios, sample.bytes, sample.bins, sample.max_ns
                    )
                )
        return samples

    def end_verifications(self, report: RunReport) -> None:
        """Save what is known to be written, for jobs that keep it."""
        for verification, job in zip(self.verifications, report.jobs, strict=True):
            if verification:
                verification.end(is_exact=job.has_finished)

    def outcome(self, report: RunReport) -> list[JobRun]:
        """The outcome of each copy."""
        layout = self.layout
        ios = [job.ios for job in report.jobs]
        dumps = [
            save_dumps(copy, job.verify, self._folder)
            for copy, job in zip(layout.copies, report.jobs, strict=True)
        ]
        was_stopped = self.was_asked_to_stop or any(each.has_ended_jobs for each in self.watchers)
        was_exited = self.exit_all is not None and self.exit_all.has_ended_jobs
        return [
            JobRun(
                copy=copy,
                report=job,
                workers=tuple(report.workers[index] for index in ring),
                ios_of_workers=sum(ios[index] for index in layout.sharing(ring)),
                is_notified=layout.is_notified(ring, was_stopped=was_stopped),
                series=series,
                steady=self.steady[index].outcome if index in self.steady else None,
                windows=self.logs[index].windows() if index in self.logs else (),
                was_exited=was_exited,
                dumps=dumps[index][0],
                not_dumped=dumps[index][1],
            )
            for index, (copy, job, ring, series) in enumerate(
                zip(layout.copies, report.jobs, layout.workers.rings, self.series, strict=True)
            )
        ]

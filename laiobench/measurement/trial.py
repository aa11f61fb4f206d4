"""Trial: one run of all jobs, as the core reported it; a document is made from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from laiobench.measurement.plan.copy import JobCopy
from laiobench.measurement.watch.bad_blocks import Dump
from laiobench.measurement.watch.log_windows import Window
from laiobench.measurement.watch.steady_state import SteadyOutcome
from laiobench.measurement.watch.stuck_io import Hang
from laiobench.measurement.watch.time_series import Series
from laiobench.native import ClockReport, CounterGroups, JobReport, WorkerReport


@dataclass(frozen=True)
class JobRun:
    """The outcome of one copy of a job, and of the workers that it ran on."""

    copy: JobCopy
    report: JobReport
    workers: tuple[WorkerReport, ...]
    ios_of_workers: int
    """I/Os of all jobs on these workers, which share their costs."""
    is_notified: bool
    """Whether other threads notify these workers in mid-run, to hand over jobs or turns."""
    series: Series
    steady: SteadyOutcome | None = None
    windows: tuple[Window, ...] = ()
    """The windows of its logs, if it writes any."""
    was_exited: bool = False
    """Whether its group ended with another job (exitall)."""
    dumps: Mapping[int, Dump] = field(default_factory=dict)
    """The files of its bad blocks, by the failure's number."""
    not_dumped: str = ""
    """Why a bad block could not be saved, as a sentence; empty if all were."""

    @property
    def window_ns(self) -> int:
        """The length of the measured window."""
        return max(0, self.report.window_end_ns - self.report.window_start_ns)

    @property
    def counters(self) -> CounterGroups:
        """What its workers counted in the measured window, added up."""
        first, *more = (worker.window for worker in self.workers)
        for other in more:
            first = _added(first, other)
        return first

    @property
    def usage(self) -> dict[str, int]:
        """What its workers' threads used in the measured window, added up."""
        return {
            name: sum(worker.usage[name] for worker in self.workers)
            for name in self.workers[0].usage
        }


def _added(one: CounterGroups, other: CounterGroups) -> CounterGroups:
    """The sums of two workers' counters."""
    return {
        group: {
            name: max(value, other[group][name])
            if name == "in_flight_max"
            else {size: n + other[group][name][size] for size, n in value.items()}
            if isinstance(value, dict)
            else value + other[group][name]
            for name, value in members.items()
        }
        for group, members in one.items()
    }


@dataclass(frozen=True)
class Trial:
    """One run of all jobs."""

    runs: tuple[JobRun, ...]
    clock: ClockReport
    started_at: datetime
    interrupted: bool
    failures: tuple[str, ...]
    """Sentences on groups that could not run after others had."""
    hangs: tuple[Hang, ...] = ()
    """I/Os that were in flight for too long."""

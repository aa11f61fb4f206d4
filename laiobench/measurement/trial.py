"""Trial: one run of all jobs, as it came from the core; its document is made from it."""

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
    """What became of one copy of a job, and of the workers that it ran on."""

    copy: JobCopy
    report: JobReport
    workers: tuple[WorkerReport, ...]
    ios_of_workers: int
    """I/Os of all jobs that these workers ran, to share what they cost."""
    is_notified: bool
    """Other threads notify these in mid-run: they hand over jobs or turns, or end one."""
    series: Series
    steady: SteadyOutcome | None = None
    windows: tuple[Window, ...] = ()
    """Those of its logs, if it has any."""
    was_exited: bool = False
    """Its group ended with another job (exitall)."""
    dumps: Mapping[int, Dump] = field(default_factory=dict)
    """Where bad blocks were saved, by the number of the failure."""
    not_dumped: str = ""
    """Why one was not, in a sentence."""

    @property
    def window_ns(self) -> int:
        """How long it measured."""
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
    """Two workers' counters as one's."""
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
    """Groups that could not be run after others had: why, in sentences."""
    hangs: tuple[Hang, ...] = ()
    """I/Os that were not back for too long."""

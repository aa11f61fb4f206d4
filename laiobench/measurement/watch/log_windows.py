"""Windows of a log: what a job did in each stretch of log_avg_msec.

Differences of totals that the core keeps anyway, taken from outside while the
job runs: its I/Os cost nothing more.  A window is as long as it was, not as it
was meant to be.  How logs are written is a format's matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from laiobench.measurement.plan.copy import JobCopy
from laiobench.measurement.watch.watcher import Watcher
from laiobench.native import DirectionTotals, NativeRun


@dataclass(frozen=True)
class Window:
    """One stretch in one direction, by the moment it ended (CLOCK_MONOTONIC, ns)."""

    direction: str
    end_ns: int
    length_ns: int
    ios: int
    size_bytes: int
    latency_ns: tuple[float, float, float]
    """Means of slat, clat and lat."""


def _between(
    direction: str, before: DirectionTotals, now: DirectionTotals, at_ns: int, length_ns: int
) -> Window | None:
    """One without I/Os has no latency, and is left out, as in fio."""
    ios = now.ios - before.ios
    if ios <= 0 or length_ns <= 0:
        return None
    slat, clat, lat = (
        max(0, after - earlier) / ios
        for earlier, after in zip(before.latency_ns, now.latency_ns, strict=True)
    )
    return Window(direction, at_ns, length_ns, ios, now.bytes - before.bytes, (slat, clat, lat))


class JobLog(Watcher):
    """The log of one copy of a job."""

    looks_at_the_end = True

    def __init__(self, interval_s: float, index: int, run: NativeRun) -> None:
        super().__init__(interval_s)
        self.windows: list[Window] = []
        """All so far, in the order of time."""
        self._index, self._run = index, run
        self._last_ns = 0
        self._last: dict[str, DirectionTotals] = {}

    def take(self) -> bool:
        """End the window that is over, if the job measures."""
        at_ns, totals = self._run.direction_totals(self._index)
        if not totals:
            return False
        if self._last_ns:  # the first look only opens a window
            self._end_window(at_ns, totals)
        self._last_ns, self._last = at_ns, totals
        return True

    def _end_window(self, at_ns: int, totals: dict[str, DirectionTotals]) -> None:
        for direction, now in totals.items():
            before = self._last[direction]
            if window := _between(direction, before, now, at_ns, at_ns - self._last_ns):
                self.windows.append(window)


def job_logs(copies: Sequence[JobCopy], run: NativeRun) -> dict[int, JobLog]:
    """The logs of those copies of a run that want one, by the copy's index."""
    return {
        index: JobLog(copy.job.log_avg_msec / 1000, index, run)
        for index, copy in enumerate(copies)
        if copy.job.log_avg_msec and copy.job.has_logs
    }

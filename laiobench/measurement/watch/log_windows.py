"""Windows of a log: what a job did in each interval of log_avg_msec.

A window is the difference of totals that the core keeps anyway, read by another thread, so
logging adds nothing to the cost of an I/O.  Its length is measured, not assumed.  Each is
handed on when it ends.  Memory is bounded: if there are too many, neighbours are merged.
The files are written by `report/export/fio_logs`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from laiobench.measurement.plan.copy import JobCopy
from laiobench.measurement.watch.watcher import Watcher
from laiobench.native import DirectionTotals, NativeRun, TotalsByDirection

MOST_WINDOWS = 4096
"""How many windows are kept of a job in a direction; an even number."""


@dataclass(frozen=True)
class Window:
    """One interval in one direction, by its end (CLOCK_MONOTONIC, ns)."""

    direction: str
    end_ns: int
    length_ns: int
    ios: int
    size_bytes: int
    latency_ns: dict[str, float]
    """Means, by the latency's name."""


LogSink = Callable[[int, Window, int], None]
"""Is given the copy's number (of all, from 1), a window that has ended, and the time at which
the job began to measure (CLOCK_MONOTONIC, ns)."""


def merge(first: Window, second: Window) -> Window:
    """Two neighbouring windows as one."""
    ios = first.ios + second.ios
    means_ns = {
        name: (mean_ns * first.ios + second.latency_ns[name] * second.ios) / ios
        for name, mean_ns in first.latency_ns.items()
    }
    return Window(
        first.direction,
        second.end_ns,
        first.length_ns + second.length_ns,
        ios,
        first.size_bytes + second.size_bytes,
        means_ns,
    )


class Kept:
    """The windows of one direction, at most `limit` of them."""

    def __init__(self, limit: int = MOST_WINDOWS) -> None:
        self._limit = limit
        self._windows: list[Window] = []
        self._of_one = 1
        self._open: Window | None = None  # collects windows until it is as long as those kept
        self._in_open = 0

    def add(self, window: Window) -> None:
        """Add the newest window."""
        self._open = window if self._open is None else merge(self._open, window)
        self._in_open += 1
        if self._in_open < self._of_one:
            return
        self._windows.append(self._open)
        self._open, self._in_open = None, 0
        if len(self._windows) == self._limit:
            pairs = zip(self._windows[::2], self._windows[1::2], strict=True)
            self._windows = [merge(first, second) for first, second in pairs]
            self._of_one *= 2

    def all(self) -> list[Window]:
        """All windows in order of time."""
        return [*self._windows, *([self._open] if self._open else [])]


def _between(
    direction: str, before: DirectionTotals, now: DirectionTotals, from_ns: int, to_ns: int
) -> Window | None:
    """The window between two totals of a direction; None without I/Os, as in fio's logs."""
    ios = now.ios - before.ios
    if ios <= 0 or to_ns <= from_ns:
        return None
    means_ns = {
        name: max(0, sum_ns - before.latency_ns.get(name, 0)) / ios
        for name, sum_ns in now.latency_ns.items()
    }
    return Window(direction, to_ns, to_ns - from_ns, ios, now.bytes - before.bytes, means_ns)


class JobLog(Watcher):
    """The log of one copy of a job; `number` is the copy's number, of all, from 1."""

    looks_at_the_end = True

    def __init__(
        self, interval_s: float, index: int, run: NativeRun, number: int, sink: LogSink | None
    ) -> None:
        super().__init__(interval_s)
        self._index, self._run = index, run
        self._number, self._sink = number, sink
        self._kept: dict[str, Kept] = {}
        self._last_ns = 0
        self._last: dict[str, DirectionTotals] = {}

    def take(self) -> bool:
        """End the present window; the first time, begin one where the job began to measure."""
        seen = self._run.direction_totals(self._index)
        if not seen.totals:
            return False
        if self._last_ns:
            self._end_window(seen)
        else:
            self._last_ns = seen.window_start_ns
            self._last = dict.fromkeys(seen.totals, DirectionTotals(0, 0, {}))
        return True

    def look_at_the_end(self, now_s: float) -> None:
        """End the last window, so that a job shorter than an interval has one, too."""
        only_opens = not self._last_ns
        self.look(now_s)
        if only_opens:
            self.look(now_s)

    def _end_window(self, now: TotalsByDirection) -> None:
        for direction, totals in now.totals.items():
            window = _between(direction, self._last[direction], totals, self._last_ns, now.at_ns)
            if window:
                self._kept.setdefault(direction, Kept()).add(window)
                if self._sink:
                    self._sink(self._number, window, now.window_start_ns)
        self._last_ns, self._last = now.at_ns, now.totals

    def windows(self) -> tuple[Window, ...]:
        """All windows so far, in order of time."""
        windows = [window for kept in self._kept.values() for window in kept.all()]
        return tuple(sorted(windows, key=lambda window: window.end_ns))


def job_logs(
    copies: Sequence[JobCopy], run: NativeRun, sink: LogSink | None, first_number: int
) -> dict[int, JobLog]:
    """The logs of the copies that write any, by the copy's index.

    Args:
        copies: the copies of a group.
        run: the group's run.
        sink: is given each window as it ends.
        first_number: the number, of all copies, of the group's first.
    """
    return {
        index: JobLog(copy.job.log_avg_msec / 1000, index, run, first_number + index, sink)
        for index, copy in enumerate(copies)
        if copy.job.log_avg_msec and copy.job.has_logs
    }

"""Windows of a log: what a job did in each stretch of log_avg_msec.

Differences of totals that the core keeps anyway, taken from outside while the
job runs: its I/Os cost nothing more.  A window is as long as it was, not as it
was meant to be.  How logs are written is a format's matter.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from laiobench.measurement.plan.copy import JobCopy
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


@dataclass
class _Log:
    interval_s: float
    windows: list[Window] = field(default_factory=list)
    next_s: float = 0.0
    last_ns: int = 0
    last: dict[str, DirectionTotals] = field(default_factory=dict)

    def add(self, at_ns: int, totals: dict[str, DirectionTotals]) -> None:
        """The window that ends now; the first look at a job only opens one."""
        if not self.last_ns:
            self.last_ns, self.last = at_ns, totals
            return
        for direction, now in totals.items():
            before = self.last[direction]
            if window := _between(direction, before, now, at_ns, at_ns - self.last_ns):
                self.windows.append(window)
        self.last_ns, self.last = at_ns, totals


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


class Windows:
    """The logs of those copies of a run that want one."""

    def __init__(self, copies: Sequence[JobCopy], run: NativeRun) -> None:
        self._run = run
        self._logs = {
            index: _Log(copy.job.log_avg_msec / 1000)
            for index, copy in enumerate(copies)
            if copy.job.log_avg_msec and copy.job.has_logs
        }

    def next_look_s(self) -> float:
        """When to look again (time.monotonic)."""
        return min((log.next_s for log in self._logs.values()), default=float("inf"))

    def look(self, *, is_last: bool = False) -> None:
        """End the windows that are over, or all of them."""
        now = time.monotonic()
        for index, log in self._logs.items():
            if now < log.next_s and not is_last:
                continue
            at_ns, totals = self._run.direction_totals(index)
            if not totals:  # it does not measure yet
                log.next_s = now + min(0.01, log.interval_s)
                continue
            begun = log.next_s if log.last_ns else now
            log.next_s = max(now, begun + log.interval_s)
            log.add(at_ns, totals)

    def of(self, index: int) -> tuple[Window, ...]:
        """All windows of a copy so far, in the order of time."""
        log = self._logs.get(index)
        return tuple(log.windows) if log else ()

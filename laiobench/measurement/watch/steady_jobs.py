"""Jobs that end when they are steady: looks at them while they run, and ends them.

Knows when to look, and whom; whether a rate is steady, `steady` judges.
"""

import time
from collections.abc import Sequence

from laiobench.measurement.plan.copy import JobCopy
from laiobench.measurement.watch.steady_state import SteadyOutcome, SteadyWatch
from laiobench.native import NativeRun


class SteadyJobs:
    """The watches over those copies of a run that want one."""

    def __init__(self, copies: Sequence[JobCopy], run: NativeRun) -> None:
        self._run = run
        self._watches = {
            index: watch
            for index, copy in enumerate(copies)
            if (watch := SteadyWatch.of(copy.job)) is not None
        }
        self._next_s = dict.fromkeys(self._watches, 0.0)
        self.has_ended_any = False

    def next_look_s(self) -> float:
        """When to look again (time.monotonic)."""
        return min(self._next_s.values(), default=float("inf"))

    def look(self) -> None:
        """Take the totals of those whose interval is over; end those that are steady."""
        now = time.monotonic()
        for index, watch in self._watches.items():
            if now < self._next_s[index] or watch.attained:
                continue
            totals = self._run.totals(index)
            if not totals.is_measuring:
                self._next_s[index] = now + min(0.01, watch.interval_s)
                continue
            begun = self._next_s[index] if watch.has_begun else now
            self._next_s[index] = max(now, begun + watch.interval_s)
            if watch.add(totals.at_ns, totals.ios, totals.bytes):
                self._next_s[index] = float("inf")
                self.has_ended_any = True
                self._run.stop_job(index)

    def outcome(self, index: int) -> SteadyOutcome | None:
        """What came of a copy's watch; None if it has none."""
        watch = self._watches.get(index)
        return watch.outcome if watch else None

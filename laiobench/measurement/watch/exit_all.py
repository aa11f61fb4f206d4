"""Jobs whose end is the end of their group: exitall, and exitall_on_error.

Looks at them while the group runs; knows nothing of why others end.
"""

import time
from collections.abc import Sequence

from laiobench.measurement.plan.copy import JobCopy
from laiobench.native import NativeRun

_INTERVAL_S = 0.02


class ExitAll:
    """Stops a group once one of these jobs has finished, or finished with failures."""

    def __init__(self, copies: Sequence[JobCopy], run: NativeRun) -> None:
        self._run = run
        self._watched = {
            index: copy.job
            for index, copy in enumerate(copies)
            if copy.job.exitall or copy.job.exitall_on_error
        }
        self._next_s = 0.0
        self.has_ended_all = False

    def next_look_s(self) -> float:
        """When to look again (time.monotonic)."""
        return self._next_s if self._watched and not self.has_ended_all else float("inf")

    def look(self) -> None:
        """Stop all if one has finished that is to end them."""
        if time.monotonic() < self.next_look_s():
            return
        self._next_s = time.monotonic() + _INTERVAL_S
        for index, job in self._watched.items():
            totals = self._run.totals(index)
            if totals.has_finished and (job.exitall or totals.has_failed):
                self.has_ended_all = True
                self._run.stop()
                return

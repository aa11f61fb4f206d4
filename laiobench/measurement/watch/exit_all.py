"""Jobs that end their whole group when they end: exitall, and exitall_on_error.

Watches jobs while their group runs; knows nothing of why others end.
"""

from collections.abc import Sequence
from typing import Self

from laiobench.measurement.plan.copy import JobCopy
from laiobench.measurement.watch.watcher import Watcher
from laiobench.native import NativeRun

_INTERVAL_S = 0.02


class ExitAll(Watcher):
    """Stops the group once one of these jobs has finished (or finished with failures)."""

    def __init__(self, copies: Sequence[JobCopy], run: NativeRun) -> None:
        super().__init__(_INTERVAL_S)
        self._run = run
        self._watched = {
            index: copy.job
            for index, copy in enumerate(copies)
            if copy.job.exitall or copy.job.exitall_on_error
        }

    @classmethod
    def of(cls, copies: Sequence[JobCopy], run: NativeRun) -> Self | None:
        """A watcher for these copies, if one of them is to end the others."""
        watcher = cls(copies, run)
        return watcher if watcher._watched else None

    def take(self) -> bool:
        """Stop all jobs if one that is to end them has finished."""
        for index, job in self._watched.items():
            totals = self._run.totals(index)
            if totals.has_finished and (job.exitall or totals.has_failed):
                self.has_ended_jobs = True
                self._run.stop()
                break
        return True

"""Jobs that end when they are steady: each is looked at while it runs, and ended.

Knows whom to look at, and for what; whether a rate is steady, `steady_state` judges.
"""

from collections.abc import Sequence

from laiobench.measurement.plan.copy import JobCopy
from laiobench.measurement.watch.steady_state import SteadyOutcome, SteadyWatch
from laiobench.measurement.watch.watcher import Watcher
from laiobench.native import NativeRun


class SteadyJob(Watcher):
    """Ends one copy of a job when it is steady."""

    def __init__(self, watch: SteadyWatch, index: int, run: NativeRun) -> None:
        super().__init__(watch.interval_s)
        self._watch, self._index, self._run = watch, index, run

    def take(self) -> bool:
        """Take its totals, if it measures; end it if they are steady."""
        totals = self._run.totals(self._index)
        if not totals.is_measuring:
            return False
        if self._watch.add(totals.at_ns, totals.ios, totals.bytes):
            self.has_ended_jobs = True
            self._run.stop_job(self._index)
        return True

    @property
    def outcome(self) -> SteadyOutcome:
        """What came of it."""
        return self._watch.outcome


def steady_jobs(copies: Sequence[JobCopy], run: NativeRun) -> dict[int, SteadyJob]:
    """The watchers of those copies of a run that want one, by the copy's index."""
    return {
        index: SteadyJob(watch, index, run)
        for index, copy in enumerate(copies)
        if (watch := SteadyWatch.of(copy.job)) is not None
    }

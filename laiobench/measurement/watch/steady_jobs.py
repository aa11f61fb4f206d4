"""Jobs that end once their rate is steady: watched while they run, and ended.

Whether a rate is steady is judged by `steady_state`.
"""

from collections.abc import Sequence

from laiobench.measurement.plan.copy import JobCopy
from laiobench.measurement.watch.steady_state import SteadyOutcome, SteadyWatch
from laiobench.measurement.watch.watcher import Watcher
from laiobench.native import NativeRun


class SteadyJob(Watcher):
    """Ends one copy of a job once it is steady."""

    def __init__(self, watch: SteadyWatch, index: int, run: NativeRun) -> None:
        super().__init__(watch.interval_s)
        self._watch, self._index, self._run = watch, index, run

    def take(self) -> bool:
        """Read its totals, if it measures already; end it if it is steady."""
        totals = self._run.totals(self._index)
        if not totals.is_measuring:
            return False
        if self._watch.add(totals.at_ns, totals.ios, totals.bytes):
            self.has_ended_jobs = True
            self._run.stop_job(self._index)
        return True

    @property
    def outcome(self) -> SteadyOutcome:
        """The judgement on the last window."""
        return self._watch.outcome


def steady_jobs(copies: Sequence[JobCopy], run: NativeRun) -> dict[int, SteadyJob]:
    """Watchers for the copies of a run that have steadystate, by the copy's index."""
    return {
        index: SteadyJob(watch, index, run)
        for index, copy in enumerate(copies)
        if (watch := SteadyWatch.of(copy.job)) is not None
    }

"""What a runner and its caller tell each other: requests to stop, and progress."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from laiobench.measurement.plan.copy import JobCopy
from laiobench.measurement.targets import Filling
from laiobench.native import Sample, Totals


class Control:
    """What the user has asked for; set by a signal handler, read by the runner."""

    def __init__(self) -> None:
        self.requests = 0
        self.wants_status = False

    def request_status(self) -> None:
        """Ask for a status report; the run goes on."""
        self.wants_status = True

    def request_stop(self) -> None:
        """The first time: issue no more and drain.  The second: leave without waiting."""
        self.requests += 1

    @property
    def stop(self) -> bool:
        return self.requests >= 1

    @property
    def leave(self) -> bool:
        return self.requests >= 2


@dataclass(frozen=True)
class Progress:
    """A sample of one job, for a display."""

    copy: JobCopy
    elapsed_s: float
    interval_s: float
    sample: Sample
    totals: Totals


OnProgress = Callable[[Sequence[Progress]], None]
OnFilling = Callable[[Filling], None]
Teller = Callable[[str], None]

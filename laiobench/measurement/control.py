"""What goes between a runner and whoever started it: a stop asked for, and progress told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from laiobench.measurement.plan.copy import JobCopy
from laiobench.measurement.targets import Filling
from laiobench.native import Sample, Totals


class Control:
    """What the user asked for, from a signal handler; looked at by the runner."""

    def __init__(self) -> None:
        self.requests = 0
        self.wants_status = False

    def request_status(self) -> None:
        """Tell how it is doing, and go on."""
        self.wants_status = True

    def request_stop(self) -> None:
        """Once: issue no more and drain.  Twice: leave with what there is."""
        self.requests += 1

    @property
    def stop(self) -> bool:
        return self.requests >= 1

    @property
    def leave(self) -> bool:
        return self.requests >= 2


@dataclass(frozen=True)
class Progress:
    """A sample of one job, for whoever watches."""

    copy: JobCopy
    elapsed_s: float
    interval_s: float
    sample: Sample
    totals: Totals


OnProgress = Callable[[Sequence[Progress]], None]
OnFilling = Callable[[Filling], None]
Teller = Callable[[str], None]

"""The steps of a live comparison: a finished trial, its observers, and reasons to end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from laiobench.comparison.variants import LiveVariant
from laiobench.results.comparison import ComparedMetric, Status
from laiobench.results.digest import RunDigest

if TYPE_CHECKING:
    from laiobench.comparison.experiment import Experiment


@dataclass(frozen=True)
class Step:
    """A finished trial, and what all trials until then tell."""

    number: int
    """Its number, from 1."""
    trials: int
    """The most trials that there will be."""
    variant: LiveVariant
    run: RunDigest
    compared: Sequence[ComparedMetric]
    """The watched metrics, compared over all complete pairs."""


class End(Enum):
    """Why a comparison has no more trials."""

    ALL_MADE = auto()
    NARROW_ENOUGH = auto()
    ENOUGH_SEEN = auto()
    OUT_OF_TIME = auto()
    INTERRUPTED = auto()
    FAILED = auto()

    @property
    def status(self) -> Status:
        """The status of the document."""
        if self is End.INTERRUPTED:
            return "interrupted"
        return "failed" if self is End.FAILED else "ok"


class Observer:
    """Base of those that follow a comparison while it runs; this one does nothing."""

    look_after = 0
    """The number of pairs after which `is_enough` is asked, once; 0: never.

    Asking after each block would be to wait until noise gives the wanted answer.
    """

    def is_enough(self, experiment: "Experiment") -> bool:
        """Whether the comparison may end now."""
        return False

    def after_trial(self, experiment: "Experiment") -> None:
        """Called after each trial; `experiment.step()` tells which."""


class StepObserver(Observer):
    """Calls a function after each trial, if there is one."""

    def __init__(self, tell: Callable[[Step], None] | None) -> None:
        self._tell = tell

    def after_trial(self, experiment: "Experiment") -> None:
        """Call the function."""
        if self._tell:
            self._tell(experiment.step())

"""The steps of a live comparison: a trial that was made, who is told, and why there is no other."""

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
    """A trial has been made."""

    number: int
    """From 1."""
    trials: int
    """How many there will be at most."""
    variant: LiveVariant
    run: RunDigest
    compared: Sequence[ComparedMetric]
    """The watched metrics, after all complete pairs."""


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
        """Of the document."""
        if self is End.INTERRUPTED:
            return "interrupted"
        return "failed" if self is End.FAILED else "ok"


class Observer:
    """Whoever follows a comparison while it is made; this one does nothing."""

    look_after = 0
    """After the block that makes it so many pairs `is_enough` is asked, once; 0: never.
    To ask after each block would be to wait for what one wants to see."""

    def is_enough(self, experiment: "Experiment") -> bool:
        """Whether it may end already."""
        return False

    def after_trial(self, experiment: "Experiment") -> None:
        """A trial has been made: `experiment.step()` tells which."""


class StepObserver(Observer):
    """Tells each trial to a function, if there is one."""

    def __init__(self, tell: Callable[[Step], None] | None) -> None:
        self._tell = tell

    def after_trial(self, experiment: "Experiment") -> None:
        """Tell it."""
        if self._tell:
            self._tell(experiment.step())

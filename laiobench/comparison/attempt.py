"""Attempts a trial: returns its result, why it failed, or that it was interrupted."""

from collections.abc import Callable
from dataclasses import dataclass

from laiobench.errors import Interrupted, LaiobenchError, UsageError
from laiobench.measurement.control import Control
from laiobench.results.run_result import RunResult


@dataclass(frozen=True)
class Failure:
    """A failed trial."""

    why: str
    run: RunResult | None = None
    """The failed run, to be shown to the user; None: there is no document of it."""


def attempt(
    measure: Callable[[], RunResult], control: Control, *, is_first: bool
) -> RunResult | Failure | None:
    """Run a trial; None: it was interrupted.

    Args:
        measure: runs the trial.
        control: tells whether a signal asked to stop.
        is_first: whether it is the first trial.

    Raises:
        UsageError: the first trial found that what was asked for can't be done.
    """
    if control.stop:
        return None
    try:
        result = measure()
    except Interrupted:
        return None
    except LaiobenchError as error:
        if control.stop:
            return None
        if isinstance(error, UsageError) and is_first:
            raise
        return Failure(str(error))
    if result.status == "interrupted":
        return None
    return Failure("; ".join(result.failures), result) if result.status == "failed" else result

"""A trial that is tried: its result, why it failed, or that somebody asked to stop."""

from collections.abc import Callable
from dataclasses import dataclass

from laiobench.errors import Interrupted, LaiobenchError, UsageError
from laiobench.measurement.control import Control
from laiobench.results.run_result import RunResult


@dataclass(frozen=True)
class Failure:
    """Why there is no good result."""

    why: str
    run: RunResult | None = None
    """The bad one, to be looked at."""


def attempt(
    measure: Callable[[], RunResult], control: Control, *, is_first: bool
) -> RunResult | Failure | None:
    """Make a trial; None: it was interrupted.

    Raises:
        UsageError: what was asked for makes no sense, as the first trial found.
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

"""Makes trials of a live comparison robust: one to warm up, and retries.

The first trial of a session is cold: caches, clocks and the device have not seen this work
yet.  So one more trial is run before it, and thrown away.  Other programs may take for a
moment what a trial needs of the machine, such as room for AIO events.  The trial is then
retried, with a warning, instead of losing the hours before.
"""

import time
from collections.abc import Callable

from laiobench.comparison.variants import LiveVariant
from laiobench.errors import NotNow
from laiobench.results.run_result import RunResult
from laiobench.results.warning import Warning

Measure = Callable[[LiveVariant, int], RunResult]
"""Runs a trial of a variant; the number is the trial's position, from 0."""

_WAITS_S = (0.1, 0.5, 2.0)


def patient(
    measure: Measure,
    *,
    warn: Callable[[str], None] = lambda _: None,
    wait: Callable[[float], None] = time.sleep,
) -> Measure:
    """`measure`, with one more trial before the first, and with retries.

    Args:
        measure: runs a trial.
        warn: is called with a sentence before each retry.
        wait: sleeps for so many seconds.
    """
    is_warm = False

    def make(variant: LiveVariant, position: int) -> RunResult:
        nonlocal is_warm
        if not is_warm:
            conditioning = _try(measure, variant, position, warn, wait)
            if conditioning.status != "ok":
                return conditioning
            is_warm = True
        return _try(measure, variant, position, warn, wait)

    return make


def _try(
    measure: Measure,
    variant: LiveVariant,
    position: int,
    warn: Callable[[str], None],
    wait: Callable[[float], None],
) -> RunResult:
    missing = ""
    for wait_s in _WAITS_S:
        try:
            result = measure(variant, position)
        except NotNow as error:
            missing = error.problem
            warn(f"tried again in {wait_s:g} s: {missing}")
            wait(wait_s)
            continue
        return _with_warning(result, missing) if missing else result
    return _with_warning(measure(variant, position), missing)


def _with_warning(result: RunResult, missing: str) -> RunResult:
    warning = Warning(
        id="tried_again",
        seen=f"the trial was tried again: {missing}",
        why="others had taken what it needs, and gave it back in between",
        do="end what else runs, if its share of the machine is in the numbers",
    )
    return result.model_copy(update={"warnings": [*result.warnings, warning]})

"""Warnings of a live comparison: those of its trials, and its own."""

from collections.abc import Sequence

from laiobench.results.run_result import RunResult
from laiobench.results.warning import Warning


def too_wide(width: float, metrics: Sequence[str]) -> Warning:
    """After all trials, these metrics are not known to within this width."""
    return Warning(
        id="too_wide",
        seen=f"not known to within {width:.2g} after all trials: {', '.join(metrics)}",
        why="the trials or the time were over before the interval was as narrow as asked, "
        "or there is none",
        do="raise --pairs, --max-time or --runtime",
    )


def of_trials(runs: Sequence[RunResult]) -> list[Warning]:
    """Each once, with how many trials had it."""
    seen: dict[str, list[Warning]] = {}
    for run in runs:
        for identifier, warning in {w.id: w for w in run.warnings}.items():
            seen.setdefault(identifier, []).append(warning)
    return [
        first.model_copy(update={"seen": f"in {1 + len(more)} of {len(runs)} trials: {first.seen}"})
        for first, *more in seen.values()
    ]

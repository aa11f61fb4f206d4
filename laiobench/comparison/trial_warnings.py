"""Makes the warnings of a live comparison: those of its trials, and those about its noise."""

from collections.abc import Collection, Sequence

from laiobench.comparison import noise
from laiobench.comparison.values import values
from laiobench.results.digest import RunDigest
from laiobench.results.metrics import METRICS, Key
from laiobench.results.run_result import RunResult
from laiobench.results.warning import Warning


def too_wide(width: float, metrics: Sequence[str]) -> Warning:
    """The warning that metrics are not known to the width asked for after all trials."""
    return Warning(
        id="too_wide",
        seen=f"not known to within {width:.2g} after all trials: {', '.join(metrics)}",
        why="the trials or the time were over before the interval was as narrow as asked, "
        "or there is none",
        do="raise --pairs, --max-time or --runtime",
    )


def of_trials(runs: Sequence[RunResult]) -> list[Warning]:
    """The warnings of trials, each once, with the number of trials that had it."""
    seen: dict[str, list[Warning]] = {}
    for run in runs:
        for identifier, warning in {w.id: w for w in run.warnings}.items():
            seen.setdefault(identifier, []).append(warning)
    return [
        first.model_copy(update={"seen": f"in {1 + len(more)} of {len(runs)} trials: {first.seen}"})
        for first, *more in seen.values()
    ]


def of_noise(made: Sequence[tuple[str, RunDigest]], watched: Collection[str]) -> list[Warning]:
    """Warnings about noise that a median and a spread do not describe.

    Args:
        made: (side, run) of each trial, in the order of running.
        watched: the names of the metrics to look at.
    """
    series: dict[Key, list[tuple[str, float]]] = {}
    for side, run in made:
        for key, value in values(run).items():
            if key.metric in watched and isinstance(value, float) and value > 0:
                series.setdefault(key, []).append((side, value))
    found = []
    for key, trials in series.items():
        what = f"{key.job}: {METRICS[key.metric].title}"
        sides = {side: [v for name, v in trials if name == side] for side in dict(trials)}
        for side, of_side in sides.items():
            if kinds := noise.two_kinds(of_side):
                found.append(_two_kinds(f"{what} of {side.strip()}", kinds))
        by_median = {side: iter(noise.by_median(of_side)) for side, of_side in sides.items()}
        if (
            follows := noise.correlation([next(by_median[side]) for side, _ in trials])
        ) is not None:
            found.append(_sticky(what, follows))
    return found


def _two_kinds(what: str, kinds: noise.Kinds) -> Warning:
    return Warning(
        id="two_kinds",
        seen=f"{what}: trials are of two kinds: {kinds.share:.0%} have {kinds.ratio:.3g} × the "
        "value of the others",
        why="a ratio of medians tells of the more frequent kind, not how often the other one is",
        do="look at the trials by themselves (`laiobench show`), or raise --runtime, so that each "
        "has both; with more pairs it shows whether one variant has it more often",
    )


def _sticky(what: str, follows: float) -> Warning:
    return Warning(
        id="sticky_noise",
        seen=f"{what}: a trial's noise follows that of the one before (rank correlation "
        f"{follows:.2g})",
        why="the machine has states that last longer than a trial; the coin of each pair keeps "
        "them from being a difference, but intervals are wider for them",
        do="find what changes, or give the tested job a machine of its own",
    )

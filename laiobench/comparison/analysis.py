"""From the values of trials to compared metrics: what is judged, and by which test.

Pure.  Variants come as *blocks*: in each block every variant was measured as
often, side by side, so that the nth trial of a variant and the nth of the
baseline are a pair.  Stored results have no blocks; their sessions are compared
as independent samples.

The table that results is exploratory: a verdict says whether a difference of
any size was shown, by p-values adjusted after Benjamini and Hochberg for the
whole table.  Judging against a threshold is `laiobench.comparison.gate.gate`'s.
"""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from laiobench.comparison import rank_tests
from laiobench.comparison import shift as shift_module
from laiobench.comparison.rank_tests import ALPHA, Interval
from laiobench.comparison.shift import Shift
from laiobench.comparison.values import Unmeasurable, Value, values
from laiobench.results.comparison import ComparedMetric, Summary, Verdict
from laiobench.results.digest import RunDigest
from laiobench.results.metrics import COMPARED, METRICS, Key

MIN_SESSIONS = 5
"""Of a stored baseline: fewer say nothing of how days differ."""

Block = Mapping[str, Sequence[RunDigest]]
"""The runs of each variant, by its name, in the order in which they were made."""

Analyse = Callable[[Sequence[float], Sequence[float], float], Shift]


@dataclass(frozen=True)
class Row:
    """A metric's values on both sides: in pairs, or as independent samples."""

    key: Key
    baseline_name: str
    variant_name: str
    baseline: tuple[Value, ...]
    variant: tuple[Value, ...]


def compare_blocks(
    blocks: Sequence[Block],
    variants: Sequence[str],
    *,
    metrics: Sequence[str] = COMPARED,
    alpha: float = ALPHA,
) -> list[ComparedMetric]:
    """Each variant against the first one, in pairs.

    Args:
        blocks: complete ones; in what order does not matter.
        variants: their names; the first one is the baseline.
        metrics: which of `METRICS`.
        alpha: intervals are at 1 − alpha; the adjusted p decides at alpha.
    """
    measured = {name: [values(run) for block in blocks for run in block[name]] for name in variants}
    baseline, *others = variants
    rows = [
        _row(key, baseline, other, measured[baseline], measured[other])
        for key in _keys(measured, metrics)
        for other in others
    ]
    pairs = min((len(row.baseline) for row in rows), default=0)
    return _compare(rows, _paired, alpha, too_few_pairs(pairs, alpha))


def pair_values(
    blocks: Sequence[Block], baseline: str, variant: str, key: Key
) -> tuple[list[float], list[float]]:
    """A metric's values in pairs, for those who judge at a level of their own.

    Raises:
        ValueError: some trial has no value; `compare_blocks` says why.
    """
    sides = []
    for name in (baseline, variant):
        side = [values(run).get(key) for block in blocks for run in block[name]]
        sides.append([value for value in side if isinstance(value, float)])
        if len(sides[-1]) != len(side):
            raise ValueError(f"{key.metric} of job {key.job} has no value in some trial")
    return sides[0], sides[1]


def compare_sessions(
    baseline: Sequence[Sequence[RunDigest]],
    new: Sequence[Sequence[RunDigest]],
    *,
    names: tuple[str, str] = ("base", "new"),
    metrics: Sequence[str] = COMPARED,
    alpha: float = ALPHA,
) -> list[ComparedMetric]:
    """Stored results against others, as independent samples of one value a session.

    Where there are too few sessions the values are those of single runs: their interval
    does not know how days differ, and nothing is concluded from it.

    Args:
        baseline, new: the runs of each session of measuring.
        names: what the two are called.
        metrics: which of `METRICS`.
        alpha: as in `compare_blocks`.
    """
    too_few = too_few_sessions(len(baseline), len(new), alpha)
    sides = [
        [values(run) for session in side for run in session]
        if too_few
        else [_of_session(session) for session in side]
        for side in (baseline, new)
    ]
    measured = dict(zip(names, sides, strict=True))
    rows = [_row(key, *names, *sides) for key in _keys(measured, metrics)]
    return _compare(rows, _unpaired, alpha, too_few)


# ---- values, side by side --------------------------------------------------------


def _keys(
    measured: Mapping[str, Sequence[Mapping[Key, Value]]], metrics: Sequence[str]
) -> list[Key]:
    """All that any trial had, in the order of documents."""
    found = dict.fromkeys(key for trials in measured.values() for trial in trials for key in trial)
    order = {name: number for number, name in enumerate(metrics)}
    jobs = {name: number for number, name in enumerate(dict.fromkeys(key.job for key in found))}
    wanted = [key for key in found if key.metric in order]
    # A job's own metrics after those of its directions, as they are listed.
    return sorted(wanted, key=lambda key: (jobs[key.job], key.direction is None, order[key.metric]))


def _row(
    key: Key,
    baseline_name: str,
    variant_name: str,
    baseline: Sequence[Mapping[Key, Value]],
    variant: Sequence[Mapping[Key, Value]],
) -> Row:
    absent = Unmeasurable("not every run has it")
    return Row(
        key,
        baseline_name,
        variant_name,
        tuple(trial.get(key, absent) for trial in baseline),
        tuple(trial.get(key, absent) for trial in variant),
    )


def _of_session(runs: Sequence[RunDigest]) -> dict[Key, Value]:
    """The medians of a session's runs; of what some run lacks, why."""
    measured = [values(run) for run in runs]
    found: dict[Key, Value] = {}
    for key in dict.fromkeys(key for trial in measured for key in trial):
        side = [trial.get(key, Unmeasurable("not every run has it")) for trial in measured]
        numbers = [value for value in side if isinstance(value, float)]
        lacking = [value for value in side if isinstance(value, Unmeasurable)]
        found[key] = lacking[0] if lacking else statistics.median(numbers)
    return found


# ---- from a row to what it says --------------------------------------------------


def _compare(
    rows: Sequence[Row],
    analyse: Analyse,
    alpha: float,
    too_few: str,
) -> list[ComparedMetric]:
    """All rows, with adjusted p-values; `too_few` says why none of them is conclusive."""
    shifts: list[Shift | None] = []
    for row in rows:
        numbers = _numbers(row)
        shifts.append(analyse(*numbers, alpha) if numbers else None)
    tested = [shift.p for shift in shifts if shift is not None and shift.interval.is_bounded]
    adjusted = iter(rank_tests.benjamini_hochberg(tested))
    compared = []
    for row, shift in zip(rows, shifts, strict=True):
        if shift is None:
            compared.append(_unmeasurable(row, alpha))
        else:
            p_adjusted = next(adjusted) if shift.interval.is_bounded else 1.0
            compared.append(_measured(row, shift, p_adjusted, alpha, too_few, len(tested)))
    return compared


def _numbers(row: Row) -> tuple[list[float], list[float]] | None:
    """Both sides, if all their values can be put into a ratio."""
    if _why_not(row):
        return None
    sides = ([value for value in side if isinstance(value, float)] for side in _sides(row))
    baseline, variant = sides
    return baseline, variant


def _sides(row: Row) -> tuple[tuple[Value, ...], tuple[Value, ...]]:
    return row.baseline, row.variant


def _why_not(row: Row) -> str:
    """Why this is not measurable; empty if it is."""
    for name, side in zip((row.baseline_name, row.variant_name), _sides(row), strict=True):
        lacking = [value for value in side if isinstance(value, Unmeasurable)]
        if lacking:
            return f"{name}: {lacking[0].reason}"
    if not row.baseline or not row.variant:
        return "there is no trial"
    if any(isinstance(value, float) and value <= 0 for side in _sides(row) for value in side):
        return "it is 0 in some trials, so there is no ratio"
    return ""


def _paired(baseline: Sequence[float], variant: Sequence[float], alpha: float) -> Shift:
    return shift_module.paired(shift_module.log_ratios(baseline, variant), alpha)


def _unpaired(baseline: Sequence[float], new: Sequence[float], alpha: float) -> Shift:
    return shift_module.unpaired(
        [math.log(value) for value in baseline], [math.log(value) for value in new], alpha
    )


def too_few_pairs(pairs: int, alpha: float) -> str:
    """Why so many show nothing; empty if they can."""
    needed = max(rank_tests.MIN_PAIRS, rank_tests.pairs_for_interval(alpha))
    if pairs >= needed:
        return ""
    return f"n = {pairs}: an interval of {1 - alpha:.4g} needs at least {needed} pairs"


def too_few_sessions(baseline: int, new: int, alpha: float) -> str:
    """The same of sessions."""
    if baseline < MIN_SESSIONS:
        missing = f"the baseline has {_sessions(baseline)} of measuring, not {MIN_SESSIONS}"
    elif not rank_tests.can_differ(baseline, new, alpha):
        enough = next(n for n in range(new + 1, 1000) if rank_tests.can_differ(baseline, n, alpha))
        missing = f"there is {_sessions(new)} of new results, not {enough}"
    else:
        return ""
    return f"{missing}: the interval is of single runs, and does not know how sessions differ"


def _sessions(count: int) -> str:
    return f"{count} session" if count == 1 else f"{count} sessions"


def _measured(
    row: Row,
    shift: Shift,
    p_adjusted: float,
    alpha: float,
    too_few: str,
    family: int,
) -> ComparedMetric:
    interval = shift.interval
    ratio = interval.ratio()
    verdict = Verdict.INCONCLUSIVE if too_few else _verdict(row.key, interval, p_adjusted, alpha)
    reason = too_few
    if not too_few and verdict == Verdict.INCONCLUSIVE and interval.excludes_zero:
        reason = (
            f"shown by itself, but as one of {family} in the table it may be chance: "
            "more trials would tell"
        )
    bounds: dict[str, float | None] = {}
    if interval.is_bounded:
        bounds = {
            "low": ratio.low,
            "high": ratio.high,
            "smallest_visible": _relative(shift.smallest_visible),
            "p": shift.p,
            "p_adjusted": p_adjusted,
        }
    return ComparedMetric(
        **_head(row, alpha),
        **bounds,
        ratio=ratio.estimate,
        verdict=verdict,
        reason=reason or None,
    )


def _relative(shift: float) -> float | None:
    """Of a shift of logarithms; None where nothing could be seen."""
    return math.expm1(shift) if shift < 700 else None


def _verdict(key: Key, interval: Interval, p_adjusted: float, alpha: float) -> Verdict:
    """Whether any difference was shown, whatever its size."""
    if p_adjusted > alpha or not interval.excludes_zero:
        return Verdict.INCONCLUSIVE
    is_better = (interval.estimate > 0) == (METRICS[key.metric].better == "higher")
    return Verdict.IMPROVE if is_better else Verdict.REGRESS


def _unmeasurable(row: Row, alpha: float) -> ComparedMetric:
    return ComparedMetric(**_head(row, alpha), verdict=Verdict.NOT_MEASURABLE, reason=_why_not(row))


def _head(row: Row, alpha: float) -> dict[str, object]:
    return {
        **row.key._asdict(),
        "better": METRICS[row.key.metric].better,
        "baseline": row.baseline_name,
        "variant": row.variant_name,
        "n": min(len(row.baseline), len(row.variant)),
        "level": 1 - alpha,
        "baseline_values": _summary(row.baseline),
        "variant_values": _summary(row.variant),
    }


def _summary(side: Sequence[Value]) -> Summary | None:
    numbers = [value for value in side if isinstance(value, float)]
    if not numbers:
        return None
    median = statistics.median(numbers)
    return Summary(n=len(numbers), median=median, spread=_relative_spread(numbers, median))


def _relative_spread(numbers: Sequence[float], median: float) -> float | None:
    """Half the distance of the quartiles, over the median: robust, as the estimates are."""
    if len(numbers) < 2 or not median:
        return None
    low, _, high = statistics.quantiles(numbers, n=4, method="inclusive")
    return (high - low) / 2 / median


def is_narrow(compared: ComparedMetric, rule: rank_tests.WidthRule) -> bool:
    """Whether a ratio is known as well as `rule` wants."""
    if compared.ratio is None or compared.low is None or compared.high is None:
        return False
    return rule.is_met(
        Interval(math.log(compared.ratio), math.log(compared.low), math.log(compared.high)),
        compared.n,
    )

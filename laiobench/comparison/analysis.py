"""From the values of trials to compared metrics: which values are compared, and by which test.

Pure.  Variants come in *blocks*.  A block holds equally many trials of each variant, which
were measured next to each other: the nth trial of a variant and the nth of the baseline are
a pair.  Stored results have no blocks; their sessions are compared as independent samples.

The resulting table is exploratory: a verdict says whether a difference of any size was
shown, by Benjamini and Hochberg's procedure over the whole table.  All metrics of a table
have one level, that of the procedure: k α / m where k of m differences are called, and
α / m where none is.  Intervals are at that level too (Benjamini and Yekutieli 2005), so that
an interval excludes 1 exactly where a difference is called; and so is the smallest visible
change.  Judging against a threshold is done in `laiobench.comparison.gate.gate`.

A metric that is 0 in some trials has an absolute difference instead of a ratio, by the same
tests; where it is 0 in all of them, nothing is tested.
"""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from laiobench.comparison import independent, lost, rank_tests
from laiobench.comparison import shift as shift_module
from laiobench.comparison.looks import ONCE, Looks
from laiobench.comparison.rank_tests import ALPHA, Interval
from laiobench.comparison.rows import Row, keys_of, numbers_of, row_of, session_values, why_not
from laiobench.comparison.sessions import MIN_SESSIONS
from laiobench.comparison.shift import Analyse, Shift
from laiobench.comparison.values import Value, values
from laiobench.results.comparison import AbsoluteDifference, ComparedMetric, Summary, Verdict
from laiobench.results.digest import RunDigest
from laiobench.results.metrics import COMPARED, METRICS, Key

Block = Mapping[str, Sequence[RunDigest]]
"""The runs of each variant, by its name, in the order of running."""

WhyTooFew = Callable[[float], str]
"""Takes α; returns why there are too few trials to show anything at it, or an empty text."""


def compare_blocks(
    blocks: Sequence[Block],
    variants: Sequence[str],
    *,
    metrics: Sequence[str] = COMPARED,
    alpha: float = ALPHA,
    looks: Looks = ONCE,
    is_table: bool = True,
    equivalent_within: float | None = None,
    with_power: bool = True,
) -> list[ComparedMetric]:
    """Compare each variant with the first one, in pairs.

    Args:
        blocks: complete blocks, in the order of running.
        variants: their names; the first one is the baseline.
        metrics: names of the metrics, from `METRICS`.
        alpha: for a table, the share of called differences that may be false; else each
            metric's own α.
        looks: which part of alpha this look at the trials may use.
        is_table: whether all metrics get one common level; else each is at 1 − alpha.
        equivalent_within: a ratio that is surely within this share of 1 passes.
        with_power: whether to compute the smallest visible change, which takes simulations.
    """
    measured = {name: [values(run) for block in blocks for run in block[name]] for name in variants}
    baseline, *others = variants
    rows = [
        row_of(key, baseline, other, measured[baseline], measured[other])
        for key in keys_of(measured, metrics)
        for other in others
    ]
    pairs = min((len(row.baseline) for row in rows), default=0)

    def paired(
        baseline: Sequence[float], variant: Sequence[float], level: float, is_told: bool
    ) -> Shift:
        differences = [new - old for old, new in zip(baseline, variant, strict=True)]
        return shift_module.paired(differences, level, looks, with_power=with_power and is_told)

    return _compare(
        rows,
        paired,
        alpha,
        lambda level: too_few_pairs(pairs, level, looks),
        is_table,
        math.log1p(equivalent_within or 0.0),
    )


def pair_values(
    blocks: Sequence[Block], baseline: str, variant: str, key: Key
) -> tuple[list[float], list[float]]:
    """The values of a metric in pairs, (baseline, variant), for a test at another level.

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
    is_table: bool = True,
) -> list[ComparedMetric]:
    """Compare stored results with others, as independent samples with one value a session.

    Where the baseline has too few sessions, the values are those of single runs: their
    interval does not include how days differ, and no verdict is drawn from it.

    Args:
        baseline, new: the runs of each session of measuring.
        names: of the two sides, for the document.
        metrics: names of the metrics, from `METRICS`.
        alpha, is_table: as in `compare_blocks`.
    """
    too_few = too_few_sessions(len(baseline))
    sides = [
        [values(run) for session in side for run in session]
        if too_few
        else [session_values(session) for session in side]
        for side in (baseline, new)
    ]
    measured = dict(zip(names, sides, strict=True))
    rows = [row_of(key, *names, *sides) for key in keys_of(measured, metrics)]

    def why(level: float) -> str:
        # Single runs decide nothing at any level, but their interval is shown.
        return too_few

    return _compare(rows, _of_runs if too_few else _of_sessions, alpha, why, is_table)


# ---- from rows to compared metrics --------------------------------------------------


def _compare(
    rows: Sequence[Row],
    analyse: Analyse,
    alpha: float,
    why_too_few: WhyTooFew,
    is_table: bool,
    margin: float = 0.0,
) -> list[ComparedMetric]:
    """Compare all rows at one level; log ratios within `margin` of 0 are equivalent."""
    sides = [numbers_of(row) for row in rows]
    ps = [
        analyse(each.baseline, each.variant, alpha, False).p if each and each.can_differ else None
        for each in sides
    ]
    tested = [p for p in ps if p is not None]
    found = [*rank_tests.benjamini_hochberg(tested)] if is_table else tested
    adjusted = iter(found)
    called = sum(p <= alpha for p in found)
    level = alpha * max(1, called) / max(1, len(tested)) if is_table else alpha
    # There may be too few trials for any table, or only too few for the level of this one.
    too_few = why_too_few(alpha)
    limits = _Limits(alpha, level, len(tested), margin, too_few, too_few or why_too_few(level))
    compared = []
    for row, each, p in zip(rows, sides, ps, strict=True):
        if each is None:
            compared.append(_unmeasurable(row, level, analyse))
            continue
        shift = analyse(each.baseline, each.variant, level, True)
        p_adjusted = None if p is None else next(adjusted)
        compared.append(_measured(row, shift, p_adjusted, limits, is_ratio=each.is_ratio))
    return compared


@dataclass(frozen=True)
class _Limits:
    """The limits by which all rows of a table are judged."""

    alpha: float
    level: float
    """The α of the intervals."""
    family: int
    margin: float
    """A log ratio surely closer to 0 is equivalent; 0: equivalence was not asked for."""
    too_few: str
    """Why no difference can be called; empty if one can."""
    no_interval: str
    """Why there is no interval at this level; empty if there is one."""


def _of_runs(
    baseline: Sequence[float], new: Sequence[float], alpha: float, _is_told: bool
) -> Shift:
    return shift_module.unpaired(baseline, new, alpha)


def _of_sessions(
    baseline: Sequence[float], new: Sequence[float], alpha: float, _is_told: bool
) -> Shift:
    return independent.between(baseline, new, alpha)


def too_few_pairs(pairs: int, alpha: float, looks: Looks = ONCE) -> str:
    """Why so few pairs can show nothing; empty if they can."""
    needed = looks.fewest(alpha)
    if pairs >= needed:
        return ""
    often = ", valid however often one looks," if looks.is_anytime else ""
    return f"n = {pairs}: an interval of {1 - alpha:.4g}{often} needs at least {needed} pairs"


def too_few_sessions(baseline: int) -> str:
    """Why a baseline of so few sessions decides nothing; empty if it does."""
    if baseline >= MIN_SESSIONS:
        return ""
    sessions = f"{baseline} session" if baseline == 1 else f"{baseline} sessions"
    return (
        f"the baseline has {sessions} of measuring, not {MIN_SESSIONS}: the interval is of single "
        "runs, and does not know how sessions differ"
    )


def _measured(
    row: Row, shift: Shift, p_adjusted: float | None, limits: _Limits, *, is_ratio: bool
) -> ComparedMetric:
    """Without `p_adjusted` nothing was tested, since both sides are 0 in all trials."""
    interval = shift.interval
    margin = limits.margin if is_ratio else 0.0
    verdict = _verdict(row.key, interval, p_adjusted, replace(limits, margin=margin))
    if p_adjusted is None and not limits.too_few:
        verdict = Verdict.PASS
    alone = (
        verdict == Verdict.INCONCLUSIVE
        and p_adjusted is not None
        and not limits.too_few
        and shift.p <= limits.alpha
    )
    reason = limits.too_few
    if alone:
        reason = (
            f"shown by itself, but as one of {limits.family} in the table it may be chance: "
            "more trials would tell"
        )
    elif not interval.is_bounded:
        reason = limits.no_interval
    ps: dict[str, float | None] = {}
    if p_adjusted is not None and (not limits.too_few or interval.is_bounded):
        ps = {"p": shift.p, "p_adjusted": p_adjusted}
    return ComparedMetric(
        **_head(row, limits.level),
        **(_as_ratio(shift) if is_ratio else {"difference": _as_difference(shift)}),
        **ps,
        alone=alone,
        verdict=verdict,
        reason=reason or None,
    )


def _as_ratio(shift: Shift) -> dict[str, float | None]:
    ratio = shift.interval.ratio()
    if not shift.interval.is_bounded:
        return {"ratio": ratio.estimate}
    visible = _relative(shift.smallest_visible)
    return {
        "ratio": ratio.estimate, "low": ratio.low, "high": ratio.high, "smallest_visible": visible,
    }  # fmt: skip


def _as_difference(shift: Shift) -> AbsoluteDifference:
    interval, visible = shift.interval, shift.smallest_visible
    if not interval.is_bounded:
        return AbsoluteDifference(estimate=interval.estimate)
    return AbsoluteDifference(
        estimate=interval.estimate,
        low=interval.low,
        high=interval.high,
        smallest_visible=visible if math.isfinite(visible) else None,
    )


def _relative(shift: float) -> float | None:
    """A shift of logarithms as a relative change; None if it is infinite."""
    return math.expm1(shift) if shift < 700 else None


def _verdict(key: Key, interval: Interval, p_adjusted: float | None, limits: _Limits) -> Verdict:
    """Whether a difference of any size was shown, or that it is surely within the margin."""
    if not limits.too_few and -limits.margin < interval.low and interval.high < limits.margin:
        return Verdict.PASS
    is_shown = p_adjusted is not None and p_adjusted <= limits.alpha and interval.excludes_zero
    if limits.too_few or not is_shown:
        return Verdict.INCONCLUSIVE
    is_better = (interval.estimate > 0) == (METRICS[key.metric].better == "higher")
    return Verdict.IMPROVE if is_better else Verdict.REGRESS


def _unmeasurable(row: Row, alpha: float, analyse: Analyse) -> ComparedMetric:
    is_lost = lost.is_lost(*row.sides)
    bound = lost.at_least(*row.sides, analyse, alpha) if is_lost else None
    return ComparedMetric(
        **{**_head(row, alpha), "lost": is_lost, "at_least": bound},
        verdict=Verdict.NOT_MEASURABLE,
        reason=why_not(row),
    )


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
    """Half the interquartile range / the median, which is robust as the estimates are."""
    if len(numbers) < 2 or not median:
        return None
    low, _, high = statistics.quantiles(numbers, n=4, method="inclusive")
    return (high - low) / 2 / median

"""What a gate has judged, for people: a table, and a sentence for each metric."""

from collections.abc import Sequence

from tabulate import tabulate

from laiobench.report.text import proof_sentences
from laiobench.report.text.numbers import format_difference, format_value, title
from laiobench.results.comparison import (
    Change,
    ComparedMetric,
    Comparison,
    Verdict,
    change_of,
)

HEADERS = (
    "metric", "baseline", "candidate", "change (+ is worse)", "interval", "allowed", "n", "verdict",
)  # fmt: skip


_SAME = 5e-5
"""A share that is written as 0%."""


def render(comparison: Comparison) -> str:
    """The table, the sentences, and what is answered."""
    parts = []
    if comparison.metrics:
        aligned = ("left", *("right",) * 3, "left", "right", "right", "left")
        parts.append(
            tabulate(
                rows(comparison.metrics),
                headers=HEADERS,
                tablefmt="simple",
                disable_numparse=True,
                colalign=aligned,
            )
        )
        parts.append("\n".join(sentence(metric) for metric in comparison.metrics))
    if proof := proof_sentences.sentences(comparison):
        parts.append("\n".join(proof))
    parts.append(conclusion(comparison))
    return "\n\n".join(parts)


def rows(metrics: Sequence[ComparedMetric]) -> list[tuple[str, ...]]:
    """A line for each metric, in the order of `HEADERS`."""
    return [_row(metric) for metric in metrics]


def _row(metric: ComparedMetric) -> tuple[str, ...]:
    change = metric.change
    sides = (metric.baseline_values, metric.variant_values)
    counts = dict.fromkeys(side.n for side in sides if side)
    return (
        title(metric),
        *(format_value(side.median, metric.kind) if side else "–" for side in sides),
        *(_changed(metric, change) if change else ("–", "–")),
        _signed(metric.max_regression) if metric.max_regression is not None else "",
        ", ".join(map(str, counts)) or str(metric.n),
        metric.verdict.replace("_", " "),
    )


def _changed(metric: ComparedMetric, change: Change) -> tuple[str, str]:
    """The change and its interval, above 0 where it is worse: in %, or in the metric's unit."""
    if (absolute := metric.difference) is None:
        return _signed(change.estimate), _interval(change)
    assert absolute.low is not None and absolute.high is not None
    worse = [absolute.estimate, absolute.low, absolute.high]
    if metric.better == "higher":
        worse = [-absolute.estimate, -absolute.high, -absolute.low]
    estimate, low, high = (format_difference(value, metric.kind) for value in worse)
    return estimate, f"[{low}, {high}]"


def sentence(metric: ComparedMetric) -> str:
    """What was found of a metric, and what it was held against."""
    return " ".join(
        part
        for part in (_judged(metric), _restarted(metric), _kept_out(metric), _drifted(metric))
        if part
    )


def _restarted(metric: ComparedMetric) -> str:
    if metric.baseline_since is None:
        return ""
    return f"Its baseline begins at {metric.baseline_since}, where it changed for good."


def _kept_out(metric: ComparedMetric) -> str:
    """That sessions count which did not pass is said."""
    if not metric.baseline_kept_out:
        return ""
    return (
        f"Of the {metric.baseline_sessions} sessions of its baseline {metric.baseline_kept_out} "
        "had been kept out as inconclusive, and others have passed since."
    )


def _drifted(metric: ComparedMetric) -> str:
    """All that was lost or won since the reference."""
    drift = metric.drift
    change = drift and change_of(metric.better, drift.ratio, drift.low, drift.high)
    if not drift or not change:
        return ""
    return (
        f"Since {drift.since[:10]} ({drift.sessions} sessions): {_signed(change.estimate)} "
        f"{_interval(change)} of the {_percent(drift.max_drift)} allowed in all."
    )


def _judged(metric: ComparedMetric) -> str:
    name, change = title(metric), metric.change
    match metric.verdict:
        case Verdict.NOT_MEASURABLE:
            return f"{name} is not measurable: {metric.reason}."
        case Verdict.MISMATCH:
            return f"{name} is not judged: {metric.reason}."
    if metric.reason and metric.verdict == Verdict.REGRESS:
        return f"{name} regressed: {metric.reason}."
    if change is None or metric.reason:
        why = metric.reason or "there is no interval"
        return f"{name} is inconclusive: {why}."
    allowed = f"{_percent(metric.max_regression or 0.0)}"
    between = _shown(metric, change)
    match metric.verdict:
        case Verdict.REGRESS:
            return f"{name} {between}: all of it beyond the {allowed} allowed."
        case Verdict.IMPROVE:
            return f"{name} {between}: all of it better by more than {allowed}."
        case Verdict.PASS:
            return f"{name} {between}: all of it within the {allowed} allowed."
    least = smallest_regression(metric)
    seen = f"; so many would call a loss of {_percent(least)}" if least is not None else ""
    return f"{name} {between}: inconclusive, as it crosses the {allowed} allowed{seen}."


def smallest_regression(metric: ComparedMetric) -> float | None:
    """The true loss that is called a regression in four of five cases: beyond what is allowed."""
    if metric.smallest_visible is None or metric.max_regression is None:
        return None
    if metric.better == "lower":
        return (1 + metric.max_regression) * (1 + metric.smallest_visible) - 1
    return 1 - (1 - metric.max_regression) / (1 + metric.smallest_visible)


def conclusion(comparison: Comparison) -> str:
    """`regress (exit 3): 2 metrics, …`."""
    text = f"{str(comparison.verdict).replace('_', ' ')} (exit {comparison.exit_code})"
    if not comparison.metrics:
        return text
    levels = ", ".join(dict.fromkeys(f"{metric.level:.4g}" for metric in comparison.metrics))
    how = "pairs of trials" if comparison.method == "paired" else "sessions of stored results"
    return (
        f"{text}: {len(comparison.metrics)} "
        f"{'metric' if len(comparison.metrics) == 1 else 'metrics'}, intervals of {levels} "
        f"from {how}; regress, improve: worse, better by more than is allowed"
    )


def _interval(change: Change) -> str:
    return f"[{_signed(change.low)}, {_signed(change.high)}]"


def _shown(metric: ComparedMetric, change: Change) -> str:
    """Better or worse only where the whole interval is: else nothing of the kind was shown."""
    estimate, interval = _changed(metric, change)
    if change.low <= 0 <= change.high:
        return f"shows no difference {interval}"
    size = estimate.lstrip("+−")
    return f"is {size} {'worse' if change.estimate > 0 else 'better'} {interval}"


def _signed(share: float) -> str:
    sign = "" if abs(share) < _SAME else "+" if share > 0 else "−"
    return sign + _percent(abs(share))


def _percent(share: float) -> str:
    percent = 0.0 if abs(share) < _SAME else 100 * share
    return f"{percent:.0f}%" if percent >= 9.95 else f"{percent:.2g}%"

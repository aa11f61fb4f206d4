"""The table of a comparison for people, and what it comes to in sentences."""

from tabulate import tabulate

from laiobench.report.text import distribution_table, proof_sentences
from laiobench.report.text.numbers import (
    format_change,
    format_estimate,
    format_interval,
    format_ratio,
    format_share,
    format_value,
    format_visible,
)
from laiobench.results.comparison import ComparedMetric, Comparison, Summary, Variant, Verdict
from laiobench.results.copies import labels
from laiobench.results.metrics import Key, Metric

_HEADERS = ("", "variant", "median", "± IQR/2", "ratio", "interval", "n", "could see", "")
MARKS = {
    # The same words wherever a comparison is told; regress and improve are a gate's.
    Verdict.REGRESS: "worse",
    Verdict.IMPROVE: "better",
    Verdict.PASS: "as good",
    Verdict.INCONCLUSIVE: "~",
    Verdict.MISMATCH: "?",
    Verdict.NOT_MEASURABLE: "–",
}


def mark(metric: ComparedMetric) -> str:
    """What a metric came to; in brackets what was shown by itself, and is not called here."""
    if metric.alone and metric.is_higher is not None:
        is_better = metric.is_higher == (metric.better == "higher")
        return f"({MARKS[Verdict.IMPROVE if is_better else Verdict.REGRESS]})"
    if is_lost_for_worse(metric):
        return MARKS[Verdict.REGRESS]
    return MARKS[metric.verdict]


def is_lost_for_worse(metric: ComparedMetric) -> bool:
    """Whether it can no longer be measured, and what it is at least is worse."""
    is_called = metric.verdict in (Verdict.NOT_MEASURABLE, Verdict.REGRESS)
    return is_called and metric.lost and metric.at_least is not None and metric.at_least > 1


def render(comparison: Comparison) -> str:
    """The fingerprints' differences, the table, the sentences, and how they came about."""
    parts = [differences(comparison), *(_job(comparison, job) for job in _jobs(comparison))]
    if not comparison.metrics:
        parts.append("nothing was compared: there is no complete pair of trials")
    proof = "\n".join(proof_sentences.sentences(comparison))
    distributions = distribution_table.render(comparison.distributions)
    parts += [_reasons(comparison), sentences(comparison), distributions, proof]
    parts.append(_method(comparison))
    if comparison.status != "ok":
        parts.append(f"status  {comparison.status}")
    return "\n\n".join(part for part in parts if part)


def _jobs(comparison: Comparison) -> list[str]:
    return list(dict.fromkeys(metric.job for metric in comparison.metrics))


# ---- the table -------------------------------------------------------------------


def differences(comparison: Comparison) -> str:
    """In what the fingerprints of stored results differ; empty if they do not."""
    if not comparison.differences:
        return ""
    rows = [
        (difference.name, difference.baseline, difference.new, "*" if difference.hard else "")
        for difference in comparison.differences
    ]
    names = [variant.name for variant in comparison.variants]
    text = tabulate(
        rows, headers=("differs", *names, ""), tablefmt="simple", disable_numparse=True,
        maxcolwidths=[None, 40, 40, None],
    )  # fmt: skip
    if any(difference.hard for difference in comparison.differences):
        text += "\n* these may be the difference, instead of what you mean to compare"
    return text


def _job(comparison: Comparison, job: str) -> str:
    """One job: for each metric a line of the baseline, and one of each variant."""
    metrics = [metric for metric in comparison.metrics if metric.job == job]
    several = len({metric.direction for metric in metrics} - {None}) > 1
    rows: list[tuple[str, ...]] = []
    for key in dict.fromkeys(metric.key for metric in metrics):
        group = [metric for metric in metrics if metric.key == key]
        if not any(metric.baseline_values or metric.variant_values for metric in group):
            continue  # the reasons below tell
        rows.append(_baseline_row(_title(key, group[0].kind, several), group[0]))
        rows += [_variant_row(metric) for metric in group]
    return tabulate(
        rows,
        headers=(job, *_HEADERS[1:]),
        tablefmt="simple",
        disable_numparse=True,
        colalign=("left", "left", "right", "right", "right", "left", "right", "right", "left"),
    )


def _title(key: Key, kind: Metric, several: bool) -> str:
    return f"{key.direction} {kind.title}" if several and key.direction else kind.title


def _baseline_row(title: str, metric: ComparedMetric) -> tuple[str, ...]:
    return (
        title, metric.baseline, *_values(metric.baseline_values, metric.kind), "", "", "", "", "",
    )  # fmt: skip


def _variant_row(metric: ComparedMetric) -> tuple[str, ...]:
    return (
        "",
        metric.variant,
        *_values(metric.variant_values, metric.kind),
        format_estimate(metric),
        format_interval(metric),
        _count(metric),
        format_visible(metric),
        mark(metric),
    )


def _count(metric: ComparedMetric) -> str:
    """`8`, or `5, 40` where the sides have not as many."""
    sides = [metric.baseline_values, metric.variant_values]
    counts = dict.fromkeys(side.n for side in sides if side)
    return ", ".join(map(str, counts)) or str(metric.n)


def _values(values: Summary | None, kind: Metric) -> tuple[str, str]:
    if values is None:
        return "–", ""
    spread = "" if values.spread is None else f"± {format_share(values.spread)}"
    return format_value(values.median, kind), spread


# ---- in words --------------------------------------------------------------------


def _reasons(comparison: Comparison) -> str:
    """Why some are not measurable, or not conclusive; each reason once."""
    seen: dict[str, list[str]] = {}
    for metric in comparison.metrics:
        if metric.reason:
            title = metric.kind.title
            text = f"{metric.job}: {{}}: {metric.reason}{_at_least(metric)}"
            seen.setdefault(text, []).append(title)
    return "\n".join(
        reason.replace("{}", ", ".join(dict.fromkeys(titles)), 1) for reason, titles in seen.items()
    )


def _at_least(metric: ComparedMetric) -> str:
    """How much worse what can't be measured any more surely is."""
    if metric.at_least is None or not is_lost_for_worse(metric):
        return ""
    return f"; it is at least {format_ratio(metric.at_least)} × that of {metric.baseline}"


def sentences(comparison: Comparison) -> str:
    """For each job, direction and variant what it came to in all that was compared.

    Nothing where that is withheld: then the proof says why.
    """
    if comparison.proof and comparison.proof.sham_differs:
        return ""
    lines = []
    for metric in comparison.metrics:
        if metric.metric == "iops" and metric.change is not None:
            tell = _sentence if metric.difference is None else _absolute_sentence
            lines.append(tell(comparison, metric))
    return "\n".join(lines)


def _sentence(comparison: Comparison, iops: ComparedMetric) -> str:
    """What the table calls, and how far what it does not call is known."""
    assert iops.low is not None and iops.high is not None
    shown = iops.alone or iops.verdict in _CALLED or not iops.low <= 1 <= iops.high
    if shown and iops.verdict != Verdict.PASS:
        others = _others(comparison, iops, {"iops", "cpu_ns_per_io"})  # that is the price
        return _faster(comparison, iops) + (f" {iops.variant} is {others}." if others else "")
    others = _others(comparison, iops, {"iops"})
    where = _where(comparison, iops)
    known = (
        f"the ratio is in {format_interval(iops)}; {iops.n} would have shown a change of "
        f"{format_change(iops.smallest_visible)} in four of five cases."
    )
    if others:
        start = f"{iops.variant} is {others} than {iops.baseline}{where}"
        return f"{start}; in IOPS no difference was shown: {known}"
    if iops.verdict == Verdict.PASS:
        return (
            f"{iops.variant} is as good as {iops.baseline}{where}: the ratio of IOPS is in "
            f"{format_interval(iops)}."
        )
    return (
        f"Between {iops.variant} and {iops.baseline} no difference was shown{where}: in IOPS "
        f"{known}"
    )


def _absolute_sentence(comparison: Comparison, iops: ComparedMetric) -> str:
    """Of IOPS that are 0 in some trials."""
    others = _others(comparison, iops, {"iops"})
    text = (
        f"IOPS of {iops.variant} differ from those of {iops.baseline} by {format_estimate(iops)} "
        f"{format_interval(iops)}{_where(comparison, iops)}: {mark(iops)}"
    )
    return f"{text}; {iops.variant} is {others}." if others else f"{text}."


_CALLED = (Verdict.REGRESS, Verdict.IMPROVE)


def _others(comparison: Comparison, iops: ComparedMetric, told_already: set[str]) -> str:
    """`worse in p50 (1.04 ×) and p99 (1.2 ×), better in …`."""
    told = []
    for verdict, word in ((Verdict.REGRESS, "worse"), (Verdict.IMPROVE, "better")):
        names = [
            f"{metric.kind.title} ({_by(metric)})"
            for metric in comparison.metrics
            if (metric.job, metric.variant) == (iops.job, iops.variant)
            and metric.direction in (None, iops.direction)
            and _called(metric) == verdict
            and metric.metric not in told_already
        ]
        if names:
            told.append(
                f"{word} in " + " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
            )
    return ", ".join(told)


def _called(metric: ComparedMetric) -> Verdict:
    return Verdict.REGRESS if is_lost_for_worse(metric) else metric.verdict


def _by(metric: ComparedMetric) -> str:
    """`1.04 ×`, `+0.25`, `at least 3.4 ×`."""
    if metric.at_least is not None:
        return f"at least {format_ratio(metric.at_least)} ×"
    return format_estimate(metric) + " ×" * (metric.ratio is not None)


def _faster(comparison: Comparison, metric: ComparedMetric) -> str:
    assert metric.ratio is not None and metric.low is not None and metric.high is not None
    faster, slower = metric.variant, metric.baseline
    ratio, low, high = metric.ratio, metric.low, metric.high
    if ratio < 1:
        faster, slower = slower, faster
        ratio, low, high = 1 / ratio, 1 / high, 1 / low
    elsewhere = " (on another machine)" if metric.verdict == Verdict.MISMATCH else ""
    return (
        f"{faster} {'is' if metric.verdict in _CALLED else 'may be'} "
        f"{format_ratio(ratio)} × [{format_ratio(low, ratio)}, {format_ratio(high, ratio)}] "
        f"faster than {slower}{elsewhere}{_where(comparison, metric)}"
        f"{_price(comparison, metric, faster)}."
    )


def _where(comparison: Comparison, metric: ComparedMetric) -> str:
    """` at iodepth 1`, if that is the same for both."""
    direction = f" {metric.direction}s" if _directions(comparison, metric.job) > 1 else ""
    depths = {
        job.get("iodepth", 1)
        for variant in comparison.variants
        if variant.name in (metric.baseline, metric.variant)
        for label, job in zip(_labels(variant), variant.jobs, strict=True)
        if label == metric.job
    }
    depth = f" at iodepth {depths.pop()}" if len(depths) == 1 else ""
    several = f" in job {metric.job}" if len(_jobs(comparison)) > 1 else ""
    return (f" with{direction}" if direction else "") + depth + several


def _labels(variant: Variant) -> list[str]:
    return labels([str(job.get("name", "job")) for job in variant.jobs])


def _directions(comparison: Comparison, job: str) -> int:
    return len({m.direction for m in comparison.metrics if m.job == job and m.direction})


def _price(comparison: Comparison, metric: ComparedMetric, faster: str) -> str:
    """`, for 9.2 × the CPU`, as far as that is known."""
    cost = next(
        (
            other
            for other in comparison.find("cpu_ns_per_io", job=metric.job)
            if other.variant == metric.variant
        ),
        None,
    )
    if cost is None or cost.ratio is None or cost.low is None or cost.high is None:
        return ""
    if cost.low <= 1 <= cost.high:
        return ", and no difference in CPU was shown"
    ratio = cost.ratio if faster == metric.variant else 1 / cost.ratio
    return f", for {format_ratio(ratio)} × the CPU per I/O"


def _method(comparison: Comparison) -> str:
    if not comparison.metrics:
        return ""
    levels = dict.fromkeys(f"{100 * metric.level:.4g}%" for metric in comparison.metrics)
    how = (
        "n pairs of trials side by side; the ratio is the Hodges-Lehmann estimate"
        if comparison.method == "paired"
        else "n sessions of stored results; the ratio is the Hodges-Lehmann estimate of the shift"
    )
    text = f"{how}; ±: half the distance of the quartiles (IQR/2)."
    if comparison.family:
        text = (
            f"{how}, with its interval; ±: half the distance of the quartiles (IQR/2). Intervals, "
            f"better and worse, and what so many could see in four of five cases, are all of one "
            f"level, {', '.join(levels)}: with it one call in 20 is false, of "
            f"{comparison.family} in a table (Benjamini-Hochberg). (better), (worse): shown by "
            f"itself, but not as one of {comparison.family}; ~: undecided."
        )
    if any(metric.difference for metric in comparison.metrics):
        text += " What is 0 in some trials has no ratio: its difference, with a sign, is there."
    if comparison.design:
        text += f" {_looked(comparison)} seed {comparison.design.seed}"
    return text


def _looked(comparison: Comparison) -> str:
    """How often it may be looked at: that is in the width of the intervals."""
    if not comparison.anytime:
        return "One planned analysis."
    if comparison.design and comparison.design.until_decided:
        return "Always valid: however often one looks."
    return "Looked at before, or before its time: always valid, which has a price in pairs."

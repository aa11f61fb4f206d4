"""What a comparison's hidden arms proved, in sentences: the sham, the spike, what follows."""

from collections.abc import Sequence

from laiobench.report.text.numbers import format_ratio, format_share
from laiobench.results.comparison import Comparison
from laiobench.results.comparison_proof import ArmRatio, Proof, ProvenMetric
from laiobench.results.metrics import METRICS


def sentences(comparison: Comparison) -> list[str]:
    """A line each for the sham, the spike, and what both together mean; none without arms."""
    proof = comparison.proof
    if proof is None or not proof.metrics:
        return []
    return [*_sham(proof), *_spike(proof)]


def of_metric(proof: Proof | None, metric: ProvenMetric | None) -> str:
    """Of one metric alone: `sham 1.001 [0.998, 1.004]; spike of 5.0%: found, 1.049 […]`."""
    if proof is None or metric is None:
        return ""
    parts = []
    if metric.sham is not None:
        parts.append(f"sham {_ratio(metric.sham)}")
    if metric.spike is not None:
        word = "found" if metric.spike_found else "missed"
        parts.append(f"spike of {format_share(proof.spike)}: {word}, {_ratio(metric.spike)}")
    return "; ".join(parts)


def _sham(proof: Proof) -> list[str]:
    shown = [metric for metric in proof.metrics if metric.sham is not None]
    if not shown:
        return []
    if proof.sham_differs is None:
        return [
            f"sham: n = {proof.pairs} could not show a difference at {proof.sham_level:.0%}, so "
            "that it shows none proves nothing"
        ]
    if not proof.sham_differs:
        return [f"sham: no difference, as it must be: {_listed(proof, shown, 'sham')}"]
    differing = [m for m in shown if m.sham_p is not None and m.sham_p <= proof.sham_level]
    return [
        f"sham: DIFFERS in {_listed(proof, differing, 'sham')}.  It is the baseline once more, so "
        "something besides the variants makes differences here, and all verdicts are withheld: "
        "measure on a quieter machine, with longer trials or more pairs"
    ]


def _spike(proof: Proof) -> list[str]:
    if proof.spike is None:
        return []
    found = [metric for metric in proof.metrics if metric.spike_found]
    share = format_share(proof.spike)
    lines = []
    if found:
        lines.append(f"spike of {share}: found, {_listed(proof, found, 'spike')}")
    if proof.missed:
        lines.append(f"spike of {share}: missed, {_listed(proof, proof.missed, 'spike')}")
    if found:
        lines.append(f'so "no difference" here means {_less_than(proof, found)}')
    if proof.missed:
        where = ", ".join(_title(proof, metric) for metric in proof.missed)
        lines.append(
            f'"no difference" in {where} is withheld: one as large may be there; more pairs, '
            "longer trials or a quieter machine would show it"
        )
    return lines


def _less_than(proof: Proof, found: Sequence[ProvenMetric]) -> str:
    """`less than 5.0%`, or what a gate allows, and in what where not all is the same."""
    groups: dict[str, list[str]] = {}
    for metric in sorted(found, key=lambda metric: metric.proven or 0.0):
        groups.setdefault(format_share(metric.proven), []).append(_title(proof, metric))
    if len(groups) == 1 and not proof.missed:
        return f"less than {next(iter(groups))}"
    return ", ".join(f"less than {share} in {_and(titles)}" for share, titles in groups.items())


def _and(titles: Sequence[str]) -> str:
    """`IOPS, mean and p99`."""
    return " and ".join(part for part in (", ".join(titles[:-1]), titles[-1]) if part)


def _listed(proof: Proof, metrics: Sequence[ProvenMetric], arm: str) -> str:
    return ", ".join(
        f"{_title(proof, metric)} {_ratio(getattr(metric, arm))}" for metric in metrics
    )


def _title(proof: Proof, metric: ProvenMetric) -> str:
    """With the job or direction only where there are several."""
    jobs = {each.job for each in proof.metrics}
    directions = {each.direction for each in proof.metrics if each.job == metric.job} - {None}
    parts = (
        metric.job if len(jobs) > 1 else "",
        metric.direction if len(directions) > 1 else "",
        METRICS[metric.metric].title,
    )
    return " ".join(part for part in parts if part)


def _ratio(arm: ArmRatio | None) -> str:
    """`1.049 [1.046, 1.053]`."""
    if arm is None or arm.ratio is None:
        return "–"
    if arm.low is None or arm.high is None:
        return format_ratio(arm.ratio)
    ends = ", ".join(format_ratio(end, arm.ratio) for end in (arm.low, arm.high))
    return f"{format_ratio(arm.ratio)} [{ends}]"

"""Results for Python users: a line for the prompt, an HTML table for notebooks, rows for pandas.

A row is a dict of plain values, with units in the keys as in documents.  Knows the fields
of results, and nothing of how they are measured or compared.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from laiobench.errors import ExtraMissing
from laiobench.results.copies import told_apart
from laiobench.units import format_bandwidth, format_count, format_ns

if TYPE_CHECKING:
    import pandas

    from laiobench.results.comparison import ComparedMetric, Comparison
    from laiobench.results.run_result import DirectionResult, RunResult

_LINE = 240
_PERCENTILES = ("50", "99", "99.9")


def frame(rows: Sequence[Mapping[str, Any]]) -> "pandas.DataFrame":
    """Rows as a pandas frame.

    Raises:
        ExtraMissing: pandas is not installed.
    """
    try:
        import pandas
    except ImportError:
        raise ExtraMissing("a frame", "pandas", "pandas") from None
    return pandas.DataFrame(list(rows))


def _cut(text: str) -> str:
    return text if len(text) <= _LINE else f"{text[: _LINE - 1]}…"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """An HTML table; all text is escaped."""
    from tabulate import tabulate

    shown = rows or [("",) * len(head)]
    return str(tabulate(shown, headers=head, tablefmt="html", disable_numparse=True))


# ---- runs ------------------------------------------------------------------------


def run_rows(result: "RunResult") -> list[dict[str, Any]]:
    """A row for each direction of each copy of a job."""
    return [
        {
            "job": job.name,
            "copy": job.copy_index,
            "group": job.group,
            "target": job.target,
            "direction": name,
            "runtime_ns": job.runtime_ns,
            "ios": part.ios,
            "bytes": part.bytes,
            "iops": part.iops,
            "bw_bytes": part.bw_bytes,
            "errors": sum(part.errors.values()),
            **_latencies(part),
            "cpu_ns_per_io": job.cpu.per_io_ns,
            "status": result.status,
            "started_at": result.started_at,
        }
        for job in told_apart(result.jobs)
        for name, part in job.directions().items()
    ]


def _latencies(part: "DirectionResult") -> dict[str, float | None]:
    """Columns for each kind of latency; `lat` comes first, since most readers look for it."""
    found: dict[str, float | None] = {}
    for kind, latency in sorted(part.latencies().items(), key=lambda item: item[0] != "lat"):
        found[f"{kind}_mean_ns"] = latency.mean
        for at in _PERCENTILES:
            found[f"{kind}_p{at}_ns"] = latency.percentiles.get(at)
        found[f"{kind}_max_ns"] = latency.max
    return found


def run_line(result: "RunResult") -> str:
    """`<RunResult ok: qd1 read 17,845 IOPS; …>`."""
    parts = [
        f"{job.name} {name} {format_count(part.iops)} IOPS"
        for job in told_apart(result.jobs)
        for name, part in job.directions().items()
    ]
    return _cut(f"<RunResult {result.status}: {'; '.join(parts) or 'nothing measured'}") + ">"


def run_html(result: "RunResult") -> str:
    """A row for each direction of each copy of a job."""
    head = ("job", "direction", "IOPS", "bandwidth", "mean", "p50", "p99", "p99.9", "errors")
    rows = [
        (
            row["job"],
            row["direction"],
            format_count(row["iops"]),
            format_bandwidth(row["bw_bytes"]),
            format_ns(row["lat_mean_ns"]),
            *(_ns(row[f"lat_p{at}_ns"]) for at in _PERCENTILES),
            format_count(row["errors"]),
        )
        for row in run_rows(result)
    ]
    return _table(head, rows)


def _ns(value: float | None) -> str:
    return "" if value is None else format_ns(value)


# ---- comparisons -----------------------------------------------------------------


def comparison_rows(comparison: "Comparison") -> list[dict[str, Any]]:
    """A row for each metric of each variant against the baseline."""
    nested = {"baseline_values", "variant_values", "difference"}
    return [
        {
            **metric.model_dump(mode="json", exclude=nested),
            "difference": metric.difference and metric.difference.estimate,
            "difference_low": metric.difference and metric.difference.low,
            "difference_high": metric.difference and metric.difference.high,
            "baseline_median": metric.baseline_values and metric.baseline_values.median,
            "variant_median": metric.variant_values and metric.variant_values.median,
        }
        for metric in comparison.metrics
    ]


def comparison_line(comparison: "Comparison") -> str:
    """`<Comparison ok: poll : eventfd, 10 metrics, IOPS × 0.771 [0.752, 0.853]>`."""
    names = " : ".join(variant.name for variant in comparison.variants)
    iops = [
        f"{metric.job} {metric.variant} IOPS × {metric.ratio:.3f}{_interval(metric)}"
        for metric in comparison.find("iops")
        if metric.ratio is not None
    ]
    parts = [names, f"{len(comparison.metrics)} metrics", *iops]
    return _cut(f"<Comparison {comparison.verdict or comparison.status}: {', '.join(parts)}") + ">"


def comparison_html(comparison: "Comparison") -> str:
    """A row for each metric of each variant."""
    head = ("job", "metric", "variant", "against", "ratio", "interval", "n", "verdict")
    rows = [
        (
            metric.job,
            f"{metric.direction or ''} {metric.kind.title}".strip(),
            metric.variant,
            metric.baseline,
            "" if metric.ratio is None else f"{metric.ratio:.3f}",
            _interval(metric).strip(),
            str(metric.n),
            metric.verdict.value,
        )
        for metric in comparison.metrics
    ]
    return _table(head, rows)


def _interval(metric: "ComparedMetric") -> str:
    if metric.low is None or metric.high is None:
        return ""
    return f" [{metric.low:.3f}, {metric.high:.3f}]"

"""Prometheus' text format, for the text file collector of its node exporter.

Base units: seconds and bytes.  No timestamps: the collector refuses them, and the
file's own time is shown.
"""

from laiobench.errors import ExtraMissing
from laiobench.report.kinds import points
from laiobench.report.points import MetricPoint
from laiobench.results.comparison import AbsoluteDifference, ComparedMetric, Comparison
from laiobench.results.comparison_proof import Proof
from laiobench.results.copies import told_apart
from laiobench.results.document import Document
from laiobench.results.run_result import RunResult
from laiobench.units import NS_PER_S

try:
    from prometheus_client import CollectorRegistry, Gauge, generate_latest
except ImportError:
    raise ExtraMissing("Prometheus' format", "prometheus-client", "ci") from None


class _Gauges:
    """Gauges by name; each is created when it is first set."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._known: dict[str, Gauge] = {}

    def __str__(self) -> str:
        return str(generate_latest(self.registry).decode())

    def set(self, name: str, text: str, value: float, **labels: str) -> None:
        if name not in self._known:
            self._known[name] = Gauge(
                f"laiobench_{name}", text, list(labels), registry=self.registry
            )
        gauge = self._known[name]
        (gauge.labels(**labels) if labels else gauge).set(value)


def values(document: Document) -> str:
    """The document's numbers."""
    return str(_values(document))


def run(result: RunResult) -> str:
    """The numbers of a run, and of I/Os that failed."""
    gauges = _values(result)
    for job in told_apart(result.jobs):
        for name, direction in job.directions().items():
            gauges.set(
                "failed_ios", "I/Os that failed in the measured window",
                sum(direction.errors.values()),
                job=f"{job.name}/{job.copy_index}", direction=name,
            )  # fmt: skip
    return str(gauges)


def comparison(document: Comparison) -> str:
    """The numbers, ratios and, of a gate, verdicts."""
    gauges = _values(document)
    _put_comparison(gauges, document)
    return str(gauges)


def _values(document: Document) -> _Gauges:
    gauges = _Gauges()
    gauges.set("ok", "1: the run or comparison ended well", float(document.status == "ok"))
    for point in points(document):
        _put_point(gauges, point)
    return gauges


def _put_point(gauges: _Gauges, point: MetricPoint) -> None:
    labels = {"job": point.job, "direction": point.direction or ""}
    kind = point.kind
    if kind.latency:
        name = f"{kind.latency.removesuffix('_ns')}_seconds"
        seconds = point.value / NS_PER_S
        if kind.percentile is None:
            gauges.set(f"mean_{name}", f"{kind.title} of {kind.latency}", seconds, **labels)
        else:
            quantile = f"{kind.percentile / 100:.6g}"
            text = f"{kind.latency} at a quantile"
            gauges.set(name, text, seconds, **labels, quantile=quantile)
        return
    match kind.name:
        case "iops":
            gauges.set("ios_per_second", "I/Os per second", point.value, **labels)
        case "bw_bytes":
            gauges.set("bytes_per_second", "bandwidth", point.value, **labels)
        case "cpu_ns_per_io":
            gauges.set("cpu_seconds_per_io", "CPU time", point.value / NS_PER_S, **labels)
        case _:
            gauges.set(kind.name, kind.title, point.value, **labels)


def _put_comparison(gauges: _Gauges, comparison: Comparison) -> None:
    for metric in comparison.metrics:
        labels, absolute = _labels(metric), metric.difference or AbsoluteDifference(estimate=0)
        for name, text, value in (
            ("ratio", "variant / baseline", metric.ratio),
            ("ratio_low", "lower end of the ratio's interval", metric.low),
            ("ratio_high", "upper end of the ratio's interval", metric.high),
            ("difference", "variant - baseline, in the unit of documents, where one is 0",
             absolute.estimate if metric.difference else None),
            ("difference_low", "lower end of the difference's interval", absolute.low),
            ("difference_high", "upper end of the difference's interval", absolute.high),
        ):  # fmt: skip
            if value is not None:
                gauges.set(name, text, value, **labels)
        if comparison.verdict is not None:
            gauges.set("verdict", "1 for the one there is", 1, **labels, verdict=metric.verdict)
        if comparison.proof is not None:
            text = "1: the proof does not bear a verdict"
            gauges.set("verdict_withheld", text, float(metric.is_withheld), **labels)
    if comparison.proof is not None:
        _put_proof(gauges, comparison.proof)
    if comparison.exit_code is not None:
        gauges.set("gate_exit_code", "0: pass or improve", comparison.exit_code)


def _put_proof(gauges: _Gauges, proof: Proof) -> None:
    """What the hidden arms showed: `arm` is sham or spike."""
    if proof.spike is not None:
        gauges.set("spike", "the slowness that was planted, as a share", proof.spike)
    if proof.sham_differs is not None:
        text = "1: the baseline differs from itself, and all verdicts are withheld"
        gauges.set("sham_differs", text, float(proof.sham_differs))
    for metric in proof.metrics:
        labels = {
            "job": metric.job, "direction": metric.direction or "", "metric": metric.metric,
        }  # fmt: skip
        for arm, found in (("sham", metric.sham), ("spike", metric.spike)):
            if found is None:
                continue
            for name, text, value in (
                ("proof_ratio", "arm / baseline", found.ratio),
                ("proof_ratio_low", "lower end of that ratio's interval", found.low),
                ("proof_ratio_high", "upper end of that ratio's interval", found.high),
            ):
                if value is not None:
                    gauges.set(name, text, value, **labels, arm=arm)
        if metric.spike_found is not None:
            text = "1: the planted slowness was found"
            gauges.set("spike_found", text, float(metric.spike_found), **labels)


def _labels(metric: ComparedMetric) -> dict[str, str]:
    return {
        "job": metric.job,
        "direction": metric.direction or "",
        "metric": metric.metric,
        "variant": metric.variant,
    }

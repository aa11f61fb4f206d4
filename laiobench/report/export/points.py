"""The numbers of a document, one by one: what most formats are made of."""

from collections.abc import Iterator
from dataclasses import dataclass

from laiobench.comparison.values import values
from laiobench.results.comparison import Comparison
from laiobench.results.digest import digest
from laiobench.results.metrics import METRICS, Metric
from laiobench.results.run_result import RunResult


@dataclass(frozen=True)
class MetricPoint:
    """A value, and what it is of."""

    job: str
    direction: str | None
    """None: of the job as a whole."""
    kind: Metric
    value: float
    spread: float | None = None
    """Relative, of several trials."""

    @property
    def place(self) -> str:
        """`randread-qd1/read`."""
        return f"{self.job}/{self.direction}" if self.direction else self.job


def points(document: RunResult | Comparison) -> list[MetricPoint]:
    """What was measured; of a comparison, the last variant's medians: a gate's candidate."""
    if isinstance(document, RunResult):
        return [
            MetricPoint(key.job, key.direction, METRICS[key.metric], value)
            for key, value in values(digest(document)).items()
            if isinstance(value, float)
        ]
    return list(_of_variant(document))


def _of_variant(comparison: Comparison) -> Iterator[MetricPoint]:
    name = comparison.variants[-1].name
    for metric in comparison.metrics:
        found = metric.variant_values
        if metric.variant == name and found is not None:
            yield MetricPoint(metric.job, metric.direction, metric.kind, found.median, found.spread)

"""Points: the numbers of a document, one by one; most formats are made of them.

The functions here are named in the rows of kinds (`laiobench.report.kinds`).
"""

from dataclasses import dataclass

from laiobench.comparison.values import values
from laiobench.results.calibration import Calibration
from laiobench.results.comparison import Comparison
from laiobench.results.digest import digest
from laiobench.results.metrics import METRICS, Metric
from laiobench.results.run_result import RunResult


@dataclass(frozen=True)
class MetricPoint:
    """A value, and what it is a value of."""

    job: str
    direction: str | None
    """The direction; None: the job as a whole."""
    kind: Metric
    value: float
    spread: float | None = None
    """The relative spread of several trials."""

    @property
    def place(self) -> str:
        """`randread-qd1/read`."""
        return f"{self.job}/{self.direction}" if self.direction else self.job


def of_run(result: RunResult) -> list[MetricPoint]:
    """The values of a run."""
    return [
        MetricPoint(key.job, key.direction, METRICS[key.metric], value)
        for key, value in values(digest(result)).items()
        if isinstance(value, float)
    ]


def of_comparison(comparison: Comparison) -> list[MetricPoint]:
    """The medians of the last variant, which for a gate is the candidate."""
    name = comparison.variants[-1].name
    return [
        MetricPoint(metric.job, metric.direction, metric.kind, found.median, found.spread)
        for metric in comparison.metrics
        if metric.variant == name and (found := metric.variant_values) is not None
    ]


def of_calibration(calibration: Calibration) -> list[MetricPoint]:
    """The medians of the longest trials.  Its noise is that of pairs, and no spread of trials."""
    floors = calibration.lengths[-1].floors if calibration.lengths else []
    return [
        MetricPoint(floor.job, floor.direction, METRICS[floor.metric], floor.median)
        for floor in floors
    ]

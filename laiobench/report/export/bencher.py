"""Bencher Metric Format: benchmarks, their measures, and the values of these.

`latency` and `throughput` are measures that each Bencher project has, in ns and
operations per second; the others are created under our metrics' names.
"""

import json

from laiobench.report.kinds import points
from laiobench.report.points import MetricPoint
from laiobench.results.document import Document

_BUILT_IN = {"lat_mean_ns": "latency", "iops": "throughput"}


def render(document: Document) -> str:
    """Bounds are from the spread of trials, if there are several."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for point in points(document):
        measure = _BUILT_IN.get(point.kind.name, point.kind.name)
        found.setdefault(point.place, {})[measure] = _metric(point)
    return json.dumps(found, indent=2) + "\n"


def _metric(point: MetricPoint) -> dict[str, float]:
    if point.spread is None:
        return {"value": point.value}
    return {
        "value": point.value,
        "lower_value": point.value * (1 - point.spread),
        "upper_value": point.value * (1 + point.spread),
    }

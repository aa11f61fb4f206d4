"""The JSON of github-action-benchmark's custom tools.

It needs one file for metrics that are better when bigger, and one for the others; the
workflow's steps read them with `tool: customBiggerIsBetter` and `customSmallerIsBetter`.
"""

import json

from laiobench.report.kinds import points
from laiobench.report.points import MetricPoint
from laiobench.results.document import Document
from laiobench.results.metrics import Better


def bigger(document: Document) -> str:
    """IOPS and bandwidth."""
    return _entries(document, "higher")


def smaller(document: Document) -> str:
    """Latencies and costs."""
    return _entries(document, "lower")


def _entries(document: Document, better: Better) -> str:
    entries = [_entry(point) for point in points(document) if point.kind.better == better]
    return json.dumps(entries, indent=2) + "\n"


def _entry(point: MetricPoint) -> dict[str, str | float]:
    entry: dict[str, str | float] = {
        "name": f"{point.place} {point.kind.title}",
        "unit": point.kind.unit,
        "value": point.value,
    }
    if point.spread is not None:
        entry["range"] = f"± {100 * point.spread:.2g}%"
    return entry

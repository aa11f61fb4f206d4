"""A history for people: a chart in characters, and its changes in sentences."""

import statistics
from collections.abc import Sequence

from laiobench.comparison.change_points import ChangePoint, Point
from laiobench.report.text.numbers import format_share, format_value
from laiobench.results.metrics import Metric

HEIGHT = 10
_POINT, _CHANGE = "●", "│"


def render(
    title: str, kind: Metric, series: Sequence[Point], changes: Sequence[ChangePoint], width: int
) -> str:
    """The chart of `width` columns, its time axis, and a sentence for each change."""
    lines = [f"{title}: {len(series)} points"]
    lines += _chart(kind, series, [change.index for change in changes], width)
    lines += [sentence(kind, change) for change in changes] or ["no change was found"]
    return "\n".join(lines)


def sentence(kind: Metric, change: ChangePoint) -> str:
    """`2026-11-20T…: 12.3 µs → 14.1 µs, 15% worse (p = 0.0003)`."""
    is_worse = (change.ratio > 1) == (kind.better == "lower")
    share = abs(change.ratio - 1)
    return (
        f"{change.started_at}: {format_value(change.before, kind)} → "
        f"{format_value(change.after, kind)}, {format_share(share)} "
        f"{'worse' if is_worse else 'better'} (p = {change.p:.2g})"
    )


def _chart(kind: Metric, series: Sequence[Point], changes: Sequence[int], width: int) -> list[str]:
    values = [point.value for point in series]
    low, high = min(values), max(values)
    labels = {0: format_value(high, kind), HEIGHT - 1: format_value(low, kind)}
    margin = max(map(len, labels.values()))
    columns = _columns(values, max(1, width - margin - 3))
    marked = {_column(index, len(values), len(columns)) for index in changes}
    rows = [[_CHANGE if at in marked else " " for at in range(len(columns))] for _ in range(HEIGHT)]
    for at, value in enumerate(columns):
        share = (value - low) / (high - low) if high > low else 0.5
        rows[round((1 - share) * (HEIGHT - 1))][at] = _POINT
    drawn = [
        f"{labels.get(number, ''):>{margin}} ┤ {''.join(row)}".rstrip()
        for number, row in enumerate(rows)
    ]
    first, last = series[0].started_at[:10], series[-1].started_at[:10]
    axis = f"{first}{last:>{max(len(columns) - len(first), len(last) + 1)}}"
    return [*drawn, f"{'':>{margin}} └─{axis}"]


def _columns(values: Sequence[float], width: int) -> list[float]:
    """As many as there is room for: where points share one, their median."""
    if len(values) <= width:
        return list(values)
    groups: list[list[float]] = [[] for _ in range(width)]
    for index, value in enumerate(values):
        groups[_column(index, len(values), width)].append(value)
    return [statistics.median(group) for group in groups]


def _column(index: int, points: int, columns: int) -> int:
    return index * columns // points

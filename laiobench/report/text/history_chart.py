"""A history for people: a chart in characters, and its changes in sentences."""

import statistics
import textwrap
from collections.abc import Sequence

from laiobench.comparison.change_points import MIN_POINTS, MIN_SERIES, ChangePoint, Point
from laiobench.comparison.history import Series
from laiobench.report.text.numbers import format_share, format_value
from laiobench.results.metrics import METRICS, Metric

HEIGHT = 10
_POINT, _CHANGE = "●", "│"


def render(series: Series, changes: Sequence[ChangePoint], width: int, *, by_session: bool) -> str:
    """The chart of `width` columns, its time axis, and a sentence for each change."""
    kind = METRICS[series.key.metric]
    lines = textwrap.wrap(f"{_title(series)}: {_counted(series, by_session=by_session)}", width)
    points = series.points(by_session=by_session)
    lines += _chart(kind, points, [change.index for change in changes], width)
    lines += [sentence(kind, change) for change in changes]
    if not changes:
        lines += textwrap.wrap(_why_none(series), width)
    return "\n".join(lines)


def name_of(series: Series) -> str:
    """The job's name, and the options in which it differs from others of that name."""
    return f"{series.key.job} ({series.told_apart})" if series.apart else series.key.job


def _title(series: Series) -> str:
    parts = (name_of(series), series.key.direction, METRICS[series.key.metric].title)
    return " ".join(part for part in parts if part)


def _counted(series: Series, *, by_session: bool) -> str:
    sessions, runs = (
        f"{number} {what}{'' if number == 1 else 's'}"
        for number, what in ((len(series.sessions), "session"), (len(series.runs), "run"))
    )
    if by_session:
        return f"{sessions} of {runs}" if len(series.runs) > len(series.sessions) else sessions
    return f"{runs} in {sessions}"


def _why_none(series: Series) -> str:
    if len(series.sessions) < MIN_SERIES:
        return (
            f"no change can be found yet: that takes {MIN_SERIES} sessions of measuring, "
            f"{MIN_POINTS} on either side of it"
        )
    if series.is_switching():
        return "no change for good was found: the values switch between two levels"
    return "no change was found"


def sentence(kind: Metric, change: ChangePoint) -> str:
    """`2026-11-20T…: 12.3 µs → 14.1 µs, 15% worse (p ≤ 0.0003)`."""
    is_worse = (change.ratio > 1) == (kind.better == "lower")
    share = abs(change.ratio - 1)
    return (
        f"{change.started_at}: {format_value(change.before, kind)} → "
        f"{format_value(change.after, kind)}, {format_share(share)} "
        f"{'worse' if is_worse else 'better'} (p ≤ {change.p:.2g})"
    )


def _chart(kind: Metric, series: Sequence[Point], changes: Sequence[int], width: int) -> list[str]:
    values = [point.value for point in series]
    margin = max(len(format_value(value, kind)) for value in (min(values), max(values)))
    columns = _columns(values, max(1, width - margin - 3))
    low, high = min(columns), max(columns)  # what is drawn: medians, where points share a column
    labels = {0: format_value(high, kind), HEIGHT - 1: format_value(low, kind)}
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

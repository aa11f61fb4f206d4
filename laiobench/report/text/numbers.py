"""Numbers of comparisons as people read them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from laiobench.results.metrics import METRICS, Key, Metric
from laiobench.units import format_bandwidth, format_count, format_ns

if TYPE_CHECKING:
    from laiobench.results.comparison import ComparedMetric


def format_value(value: float, kind: Metric) -> str:
    """As people write it: `12.3 µs`, `45,678`."""
    match kind.unit:
        case "ns":
            return format_ns(value)
        case "bytes/s":
            return format_bandwidth(value)
        case "1/IO":
            return f"{value:.3g}"
        case _:
            return format_count(round(value) if value >= 100 else value)


def format_ratio(ratio: float, like: float | None = None) -> str:
    """`1.38`, `0.972`, `68.9`: as many digits as tell something, or as those of `like`."""
    if not math.isfinite(ratio):
        return "∞"
    size = ratio if like is None else like
    for at_least, form in _FORMS:
        if size >= at_least:
            return f"{ratio:{form}}"
    return f"{ratio:.2g}"


_FORMS = ((99.95, ",.0f"), (9.95, ".1f"), (1.25, ".2f"), (0.8, ".3f"), (0.1, ".2f"))


def format_difference(difference: float, kind: Metric) -> str:
    """`+0.25`, `−1,000`, `0`: in the metric's unit."""
    sign = "+" if difference > 0 else "−" if difference < 0 else ""
    return sign + (format_value(abs(difference), kind) if difference else "0")


def format_estimate(metric: ComparedMetric) -> str:
    """The ratio, or the difference where there is none; empty without either."""
    if metric.difference is not None:
        return format_difference(metric.difference.estimate, metric.kind)
    return "" if metric.ratio is None else format_ratio(metric.ratio)


def format_visible(metric: ComparedMetric) -> str:
    """What could have been seen; empty where that is not known."""
    if metric.difference is None:
        return format_change(metric.smallest_visible)
    visible = metric.difference.smallest_visible
    return format_value(visible, metric.kind) if visible else ""


def format_interval(metric: ComparedMetric) -> str:
    """`[1.31, 1.44]`, or of a difference `[+0.1, +0.3]`; empty where there is none."""
    if (absolute := metric.difference) is not None:
        if absolute.low is None or absolute.high is None:
            return ""
        ends = (format_difference(end, metric.kind) for end in (absolute.low, absolute.high))
        return f"[{', '.join(ends)}]"
    if metric.low is None or metric.high is None:
        return ""
    return f"[{', '.join(format_ratio(end, metric.ratio) for end in (metric.low, metric.high))}]"


def format_share(share: float | None) -> str:
    """`2.1%`; empty where there is none."""
    if share is None or not math.isfinite(share):
        return ""
    percent = 100 * share
    return f"{percent:.0f}%" if percent >= 9.95 else f"{percent:.1f}%"


def format_change(share: float | None) -> str:
    """A ratio of 1 + share, and its like on the other side: `2.1%`, or `−58% / +139%`."""
    if share is None or not math.isfinite(share):
        return ""
    less, more = format_share(1 - 1 / (1 + share)), format_share(share)
    return more if less == more else f"−{less} / +{more}"


def title(metric: ComparedMetric) -> str:
    """`randread-qd1 read p99`: a compared metric in a line."""
    return title_of(metric.key)


def title_of(key: Key) -> str:
    """The same of what it is of."""
    return " ".join(part for part in (key.job, key.direction, METRICS[key.metric].title) if part)

"""Progress on a terminal: one line on stderr, redrawn every second."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from laiobench.cli.console import draw
from laiobench.histogram import added, counts_of_bins
from laiobench.runner import SAMPLE_INTERVAL_S, Progress, Watcher
from laiobench.units import format_bandwidth, format_count, format_ns

_CLEAR_LINE = "\r\x1b[K"


@contextmanager
def progress(enabled: bool) -> Iterator[Watcher | None]:
    """A watcher that draws, if there is a terminal to draw on; the line is gone at the end."""
    if not enabled or not sys.stderr.isatty():
        yield None
        return
    try:
        yield _draw
    finally:
        draw(_CLEAR_LINE)


def _draw(samples: Sequence[Progress]) -> None:
    interval_s = samples[0].interval_s
    window_opened = any(progress.sample.is_new_window for progress in samples)
    if interval_s < SAMPLE_INTERVAL_S / 2 or (window_opened and samples[0].elapsed_s > interval_s):
        return  # a part of an interval only: at the end, or since the ramp's end
    ios = sum(progress.sample.ios for progress in samples)
    size_bytes = sum(progress.sample.bytes for progress in samples)
    parts = (counts_of_bins(one.sample.bins, one.sample.max_ns) for one in samples)
    p99 = added(parts).percentiles((99.0,)).get(99.0)
    line = (
        f"{_names(samples)}  {samples[0].elapsed_s:.0f} s{_of(samples)}  "
        f"{format_count(round(ios / interval_s))} IOPS  "
        f"{format_bandwidth(size_bytes / interval_s)}  "
        f"p99 {format_ns(p99) if p99 is not None else '–'}"
    )
    draw(_CLEAR_LINE + line)


def _names(samples: Sequence[Progress]) -> str:
    names = list(dict.fromkeys(progress.work.job.name for progress in samples))
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _of(samples: Sequence[Progress]) -> str:
    """` of 10`, where the end is known."""
    ends = [
        progress.work.job.runtime + progress.work.job.ramp_time
        for progress in samples
        if progress.work.job.runtime and progress.work.job.time_based
    ]
    return f" of {max(ends):g}" if len(ends) == len(samples) else ""

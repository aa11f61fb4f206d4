"""HdrHistogram's log: the latencies of each job and direction, tagged, for its own tools.

Both histograms have the same bins, so counts stay in theirs; overflow is counted at the
largest latency, in a layout that extends so far.
"""

import io
import re
from datetime import datetime

from laiobench.errors import ExtraMissing
from laiobench.results.copies import told_apart
from laiobench.results.run_result import Latency, RunResult
from laiobench.units import NS_PER_S
from laiobench.words import one_line

try:
    from hdrh.histogram import HdrHistogram
    from hdrh.log import HistogramLogWriter
except ImportError:
    raise ExtraMissing("HdrHistogram's log", "hdrhistogram", "hdr") from None

LONGEST_NS = 60 * NS_PER_S
_DIGITS = 3


def render(result: RunResult) -> str:
    """A line for each kind of latency: `Tag=randread-qd1/0/read/lat`, in ns."""
    text = io.StringIO()
    writer = HistogramLogWriter(text)
    writer.output_log_format_version()
    writer.output_comment(f"[laiobench {one_line(result.tool.version)}, values in ns]")
    writer.output_legend()
    start_s = datetime.fromisoformat(result.started_at).timestamp()
    for job in told_apart(result.jobs):
        for name, direction in job.directions().items():
            for kind, latency in direction.latencies().items():
                if latency.count:
                    tag = f"{job.name}/{job.copy_index}/{name}/{kind}"
                    text.write("Tag=" + one_line(re.sub(r"[\s,]+", "_", tag)) + ",")
                    writer.output_interval_histogram(
                        _histogram(latency), start_s, start_s + job.runtime_ns / NS_PER_S
                    )
    return text.getvalue()


def _histogram(latency: Latency) -> HdrHistogram:
    histogram = HdrHistogram(1, max(LONGEST_NS, latency.max), _DIGITS)
    for high_ns, count in latency.histogram:
        histogram.record_value(min(high_ns, LONGEST_NS), count)
    if latency.overflow:
        histogram.record_value(latency.max, latency.overflow)
    return histogram

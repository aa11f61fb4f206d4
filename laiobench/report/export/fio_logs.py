"""fio's log files, from the windows of a result: bandwidth, IOPS and latencies over time.

Each line is `time in ms, value, direction, 0, 0`: of a window there is no block size
and no priority.  Bandwidth is in KiB/s, latencies are means in ns.  Names are fio's,
so that what draws its logs draws ours.
"""

from collections.abc import Callable, Sequence

from laiobench.jobs.options.output import log_files
from laiobench.results.run_result import JobResult, LogWindow
from laiobench.units import NS_PER_S

_NUMBERS = {"read": 0, "write": 1, "trim": 2}

Value = Callable[[LogWindow], float]

_VALUES: dict[str, Value] = {
    "bw": lambda window: window.bytes / 1024 * NS_PER_S / window.length_ns,
    "iops": lambda window: window.ios * NS_PER_S / window.length_ns,
    "lat": lambda window: window.lat_ns,
    "slat": lambda window: window.slat_ns,
    "clat": lambda window: window.clat_ns,
}


def files(jobs: Sequence[JobResult]) -> dict[str, str]:
    """The logs that the jobs want, by the names of their files."""
    found: dict[str, str] = {}
    for number, job in enumerate(jobs, start=1):
        for kind, file in log_files(job.name, number, job.options):
            found[file] = found.get(file, "") + _lines(job.windows, _VALUES[kind])
    return found


def _lines(windows: Sequence[LogWindow], value: Value) -> str:
    return "".join(
        f"{round(window.t_ns / 1e6)}, {round(value(window))}, {_NUMBERS[window.direction]}, 0, 0\n"
        for window in windows
        if window.direction in _NUMBERS
    )

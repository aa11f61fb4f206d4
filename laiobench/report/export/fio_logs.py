"""fio's log files: bandwidth, IOPS and latencies over time, written while jobs run.

Each line is `time in ms, value, direction, 0, 0`.  The zeros are fio's block size and
priority (and between them the offset, with log_offset), which a window of many I/Os does not
have.  Bandwidth is in KiB/s, latencies are means in ns.  Files are named as fio names them, so
that programs that draw fio's logs can draw these.

Lines are collected for a second or more, so that writing them costs little.  A file is open
only while it is written, so there may be more files than a process may have open.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from laiobench.errors import LaiobenchError, RunError, UsageError
from laiobench.files.below import Below, Identity
from laiobench.jobs.options import Job
from laiobench.jobs.options.output import log_files
from laiobench.measurement.watch.log_windows import Window
from laiobench.units import NS_PER_S

_NUMBERS = {"read": 0, "write": 1, "trim": 2}
_GATHER_S = 1.0

Value = Callable[[Window], float]

_RATES: dict[str, Value] = {
    "bw": lambda window: window.size_bytes / 1024 * NS_PER_S / window.length_ns,
    "iops": lambda window: window.ios * NS_PER_S / window.length_ns,
}


def _value(kind: str) -> Value:
    """How a log's value is computed: a rate, or the mean of the latency of that name."""
    return _RATES.get(kind) or (lambda window: window.latency_ns[kind])


@dataclass
class _File:
    """A log, and its lines that are not written yet."""

    name: str
    job: Job
    """Whose options say what its lines are; of jobs that share it, the first."""
    which: Identity | None = None
    lines: list[str] = field(default_factory=list)
    problem: str = ""


class LogFiles:
    """The logs that jobs ask for, in files below a folder; `add` takes their windows."""

    def __init__(self, jobs: Sequence[Job], folder: Below) -> None:
        self._folder = folder
        self._files: dict[str, _File] = {}
        self._of: dict[int, list[tuple[Value, _File]]] = {}
        copies = [job for job in jobs if not job.create_only for _ in range(job.numjobs)]
        for number, job in enumerate(copies, start=1):
            for kind, name in log_files(job.name, number, dict(job)):
                file = self._files.setdefault(name, _File(name, job))
                self._of.setdefault(number, []).append((_value(kind), file))
        self._written_s = float("-inf")
        self._epoch_ns = time.monotonic_ns() - time.time_ns()

    @property
    def paths(self) -> list[tuple[str, Path]]:
        """Each with what it is called."""
        paths = map(self._folder.path, self._files)
        return [(f"the log {path}", Path(path)) for path in paths]

    def check(self) -> None:
        """Check before a run that the logs can be written.

        Raises:
            UsageError, RunError: one can't be.
        """
        try:
            self._folder.check(self._files)
        except OSError as error:
            if error.filename is None:  # the current folder is gone
                raise
            raise RunError(
                f"the log cannot be written: {error.filename}: {error.strerror}",
                "make the folder, or name another file",
            ) from None

    def add(self, number: int, window: Window, window_start_ns: int) -> None:
        """Take a window of a copy of a job.

        Args:
            number: which copy, counted from 1 over the copies of all jobs.
            window_start_ns: when that copy began to measure; times in logs count from there.
        """
        direction = _NUMBERS[window.direction]
        for value, file in self._of.get(number, ()):
            since_ns = self._epoch_ns if file.job.log_unix_epoch else window_start_ns
            ms = round((window.end_ns - since_ns) / 1e6)
            of_io = "0, 0, 0" if file.job.log_offset else "0, 0"
            file.lines.append(f"{ms}, {round(value(window))}, {direction}, {of_io}\n")
        gather_s = max(_GATHER_S, len(self._files) / 1000)
        if time.monotonic() - self._written_s >= gather_s:
            self._write()

    def end(self) -> list[LaiobenchError]:
        """Write the lines that are left.

        Returns an error for each log that could not be written.
        """
        self._write()
        return [
            RunError(
                f"the log {self._folder.path(file.name)} cannot be written: {file.problem}",
                "its windows are in the document nevertheless",
            )
            for file in self._files.values()
            if file.problem
        ]

    def _write(self) -> None:
        for file in self._files.values():
            try:
                if file.which is None and not file.problem:
                    file.which = self._folder.create(file.name)
                if file.lines and file.which and not file.problem:
                    self._folder.append(file.name, "".join(file.lines), file.which)
            except (OSError, UsageError) as error:
                told = error.strerror if isinstance(error, OSError) else error.problem
                file.problem = told or str(error)
            file.lines.clear()
        self._written_s = time.monotonic()

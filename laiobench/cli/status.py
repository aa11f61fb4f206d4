"""`--status-interval`: the state of the jobs, as a JSON object a line on stderr.

stdout has only the document.  A line is about the time since the last one; while a file
is written before the run, about its progress.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from laiobench.cli.console import say
from laiobench.errors import UsageError
from laiobench.measurement.control import Control, Progress
from laiobench.measurement.runner import SAMPLE_INTERVAL_S
from laiobench.measurement.targets import Filling
from laiobench.results.histogram import counts_of_bins


@dataclass
class _Stretch:
    """What a copy of a job did since the last line."""

    ios: int = 0
    bytes: int = 0
    seconds: float = 0.0
    bins: dict[int, int] = field(default_factory=dict)
    max_ns: int = 0

    def add(self, progress: Progress) -> None:
        self.ios += progress.sample.ios
        self.bytes += progress.sample.bytes
        self.seconds += progress.interval_s
        for index, count in progress.sample.bins:
            self.bins[index] = self.bins.get(index, 0) + count
        self.max_ns = progress.sample.max_ns


def check_interval(interval_s: float) -> None:
    """There is a sample each second, and so there is no more to tell in between.

    Raises:
        UsageError: the interval is shorter.
    """
    if interval_s < SAMPLE_INTERVAL_S:
        raise UsageError(f"--status-interval must be at least {SAMPLE_INTERVAL_S:g} s")


class Status:
    """Writes a line at each interval, and when SIGUSR1 asks for one."""

    def __init__(self, interval_s: float, control: Control) -> None:
        self._control = control
        self._interval_s = interval_s
        self._due_s = interval_s
        self._filled = ""
        self._stretches: dict[tuple[str, int, int], _Stretch] = {}

    def __call__(self, samples: Sequence[Progress]) -> None:
        elapsed_s = samples[0].elapsed_s
        if {_key(progress) for progress in samples} != self._stretches.keys():  # another group
            self._stretches = {_key(progress): _Stretch() for progress in samples}
            self._due_s = self._interval_s
        for progress in samples:
            self._stretches[_key(progress)].add(progress)
        # Samples come a little early or late: take the one that is nearest to the time.
        is_due = elapsed_s >= self._due_s - samples[0].interval_s / 2
        if not is_due and not self._control.wants_status:
            return
        self._control.wants_status = False
        say(json.dumps({"kind": "status", "elapsed_s": round(elapsed_s, 3), "jobs": self._jobs()}))
        self._stretches = {key: _Stretch() for key in self._stretches}
        if is_due:
            self._due_s += self._interval_s

    def fill(self, filling: Filling) -> None:
        """A file is being written."""
        if filling.path != self._filled:
            self._filled, self._due_s = filling.path, self._interval_s
        is_due = filling.elapsed_s >= self._due_s
        if not is_due and not self._control.wants_status:
            return
        self._control.wants_status = False
        told = {"kind": "filling", "elapsed_s": round(filling.elapsed_s, 3), "path": filling.path}
        say(json.dumps({**told, "bytes": filling.done_bytes, "size_bytes": filling.size_bytes}))
        while filling.elapsed_s >= self._due_s:
            self._due_s += self._interval_s

    def _jobs(self) -> list[dict[str, Any]]:
        return [
            {"name": name, "copy": copy, **_numbers(stretch)}
            for (name, _, copy), stretch in self._stretches.items()
        ]


def _key(progress: Progress) -> tuple[str, int, int]:
    return progress.copy.label, progress.copy.position, progress.copy.copy_index


def _numbers(stretch: _Stretch) -> dict[str, Any]:
    counts = counts_of_bins(sorted(stretch.bins.items()), stretch.max_ns)
    at = counts.percentiles((50.0, 99.0, 100.0))
    return {
        "interval_s": round(stretch.seconds, 3),
        "ios": stretch.ios,
        "bytes": stretch.bytes,
        "iops": stretch.ios / stretch.seconds if stretch.seconds else 0.0,
        "bw_bytes": stretch.bytes / stretch.seconds if stretch.seconds else 0.0,
        "p50_ns": at.get(50.0),
        "p99_ns": at.get(99.0),
        "max_ns": at.get(100.0),
    }

"""Progress: one line on the terminal about the running jobs, redrawn every second.

SIGUSR1 prints the line as well, also where there is no terminal.  While files are being
written before the run, the line tells how far they are.  Messages that come meanwhile are
printed above it.  A terminal without escape sequences (TERM=dumb) gets a plain line every
10 s.
"""

import os
import sys
import threading
import time
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import PurePath

from laiobench.cli.console import draw, say
from laiobench.cli.time_left import roughly
from laiobench.jobs.options import Job
from laiobench.measurement.control import Control, Progress
from laiobench.measurement.measure import run
from laiobench.measurement.runner import SAMPLE_INTERVAL_S
from laiobench.measurement.targets import Filling, Permission
from laiobench.results.histogram import added, counts_of_bins
from laiobench.results.run_result import RunResult
from laiobench.units import format_bandwidth, format_count, format_ns, format_size

_CLEAR_LINE = "\r\x1b[K"
_DUMB_INTERVAL_S = 10.0
_FILL_INTERVAL_S = 0.2
_DEFAULT_COLUMNS = 80
_LEAST_NAME = 8
# What the line says of the phases in which jobs do not measure.
_MARKS = {"delayed": "waiting", "ramp": "ramp", "searching": "searching", "verifying": "verifying"}
_BEFORE_THE_END = ("delayed", "ramp", "searching", "measuring", "draining", "verifying")


class Screen:
    """Draws the line of progress, if there is a terminal, prints messages, and answers SIGUSR1.

    `tell` and `warn` may be called from any thread.
    """

    def __init__(self, control: Control, *, is_drawn: bool, is_quiet: bool) -> None:
        self._control = control
        self._is_drawn, self._is_quiet = is_drawn, is_quiet
        self._is_dumb = not _knows_escapes()
        self._drawn = ""
        """The line that is on the terminal now; empty: none."""
        self._drawn_at_s = float("-inf")
        self._said_at_s = time.monotonic()
        self._lock = threading.Lock()

    def __call__(self, samples: Sequence[Progress]) -> None:
        """Show what the jobs did in another interval."""
        if self._control.wants_status:
            self._answer(line(samples))
        elif self._is_drawn and not _is_partial(samples):
            self._show(line(samples, self._columns()))

    def run(
        self, jobs: Sequence[Job], allowed: Permission, notes: Sequence[str], spike: float = 0.0
    ) -> RunResult:
        """Run a trial of a comparison or a bisection, and show its progress."""
        return run(
            jobs,
            allow_write=allowed,
            control=self._control,
            watch=self,
            fill=self.fill,
            tell=self.tell,
            warn=self.warn,
            notes=notes,
            spike=spike,
        )

    def fill(self, filling: Filling) -> None:
        """Show how far a file is that is being written before the run."""
        if self._control.wants_status:
            self._answer(fill_line(filling))
        elif self._is_drawn and (
            time.monotonic() - self._drawn_at_s >= _FILL_INTERVAL_S
            or filling.done_bytes in (0, filling.size_bytes)
        ):
            self._show(fill_line(filling, self._columns()))

    def tell(self, text: str) -> None:
        """Print a sentence, unless --quiet was given."""
        if not self._is_quiet:
            self._say(text)

    def warn(self, text: str) -> None:
        """Print a warning, also with --quiet."""
        self._say(f"warning: {text}")

    def end(self) -> None:
        """Clear the line."""
        with self._lock:
            self._clear()

    def _answer(self, text: str) -> None:
        self._control.wants_status = False
        self._say(f"SIGUSR1: {text}")

    def _show(self, text: str) -> None:
        with self._lock:
            self._drawn_at_s = time.monotonic()
            if not self._is_dumb:
                self._drawn = text
                draw(text, control=_CLEAR_LINE)
            elif self._drawn_at_s - self._said_at_s >= _DUMB_INTERVAL_S:
                self._said_at_s = self._drawn_at_s
                say(text)

    def _say(self, text: str) -> None:
        with self._lock:
            drawn = self._drawn
            self._clear()
            say(text)
            if drawn:
                self._drawn = drawn
                draw(drawn, control=_CLEAR_LINE)

    def _clear(self) -> None:
        if self._drawn:
            self._drawn = ""
            draw("", control=_CLEAR_LINE)

    def _columns(self) -> int | None:
        """The widest line that leaves room for the cursor behind it; None: any width."""
        return None if self._is_dumb else _columns() - 1


def is_shown(*, quiet: bool) -> bool:
    """Whether progress is shown: stderr is a terminal, and --quiet was not given."""
    return not quiet and sys.stderr.isatty()


def _knows_escapes() -> bool:
    """Whether the terminal understands escape sequences, which clear a line."""
    return os.environ.get("TERM", "") not in ("", "dumb")


@contextmanager
def progress(control: Control, *, quiet: bool, is_drawn: bool = True) -> Iterator[Screen]:
    """A screen for the duration of a run; its line is cleared at the end."""
    screen = Screen(control, is_drawn=is_drawn and is_shown(quiet=quiet), is_quiet=quiet)
    try:
        yield screen
    finally:
        screen.end()


# ---- the line ------------------------------------------------------------------------


def _is_partial(samples: Sequence[Progress]) -> bool:
    """Whether samples cover a part of an interval only: the last one, or the one after the ramp."""
    interval_s = samples[0].interval_s
    window_opened = any(progress.sample.is_new_window for progress in samples)
    return interval_s < SAMPLE_INTERVAL_S / 2 or (
        window_opened and samples[0].elapsed_s > interval_s
    )


def line(samples: Sequence[Progress], columns: int | None = None) -> str:
    """The line: what all jobs together did since the last sample.

    With `columns` it is no wider; names of jobs are cut first.
    """
    interval_s = samples[0].interval_s
    ios = sum(progress.sample.ios for progress in samples)
    size_bytes = sum(progress.sample.bytes for progress in samples)
    counts = added(counts_of_bins(one.sample.bins, one.sample.max_ns) for one in samples)
    p99 = counts.percentiles((99.0,)).get(99.0)
    parts = [
        f"{samples[0].elapsed_s:.0f} s{_of(samples)}",
        *([mark] if (mark := _mark(samples)) else []),
        f"{format_count(round(ios / interval_s))} IOPS",
        format_bandwidth(size_bytes / interval_s),
        f"p99 {format_ns(p99) if p99 is not None else '–'}",
    ]
    return _fitting(_names(samples), "  ".join(parts), columns)


def fill_line(filling: Filling, columns: int | None = None) -> str:
    """The line about a file that is being written; the file's name is cut first."""
    done, size, elapsed_s = filling.done_bytes, filling.size_bytes, filling.elapsed_s
    parts = [f"{format_size(done)} of {format_size(size)} ({done / size:.0%})"]
    if 0 < done < size and elapsed_s:
        parts.append(format_bandwidth(done / elapsed_s))
        parts.append(f"about {roughly(elapsed_s / done * (size - done))} left")
    return _fitting(f"writing {PurePath(filling.path).name}", "  ".join(parts), columns)


def _fitting(name: str, rest: str, columns: int | None) -> str:
    if columns is None:
        return f"{name}  {rest}"
    name = cut(name, max(_LEAST_NAME, columns - 2 - len(rest)))
    return cut(f"{name}  {rest}", columns)


def _names(samples: Sequence[Progress]) -> str:
    names = list(dict.fromkeys(progress.copy.label for progress in samples))
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _mark(samples: Sequence[Progress]) -> str:
    """The phase of the jobs that are least far; empty if that is measuring."""
    phases = {progress.totals.phase for progress in samples}
    first = next((phase for phase in _BEFORE_THE_END if phase in phases), "")
    return _MARKS.get(first, "")


def _of(samples: Sequence[Progress]) -> str:
    """How far the jobs are, ` of 10` (s) or ` (12 %)`; empty where the end is not known."""
    ends = [
        progress.copy.job.runtime + progress.copy.job.ramp_time
        for progress in samples
        if progress.copy.job.runtime and progress.copy.job.time_based
    ]
    if len(ends) == len(samples):
        return f" of {max(ends):g}"
    shares = [share for progress in samples if (share := _share_done(progress)) is not None]
    return f" ({min(shares):.0%})" if len(shares) == len(samples) else ""


def _share_done(progress: Progress) -> float | None:
    """The part of a job's I/Os or bytes that is done; None where it has no fixed amount."""
    totals, copy = progress.totals, progress.copy
    if totals.has_finished or totals.phase == "verifying":
        return 1.0
    if not totals.is_measuring and totals.phase != "draining":
        return 0.0 if copy.ios or copy.bytes else None
    shares = [
        done / amount
        for done, amount in ((totals.ios, copy.ios), (totals.bytes, copy.bytes))
        if amount
    ]
    return min(1.0, max(shares)) if shares else None


# ---- on a terminal --------------------------------------------------------------------


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or _DEFAULT_COLUMNS
    except OSError:
        return _DEFAULT_COLUMNS


def _cells(character: str) -> int:
    """How many columns a terminal uses for a character."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cut(text: str, columns: int) -> str:
    """The text, cut to so many columns; a cut text ends with an ellipsis."""
    if sum(map(_cells, text)) <= columns:
        return text
    taken, width = "", 1
    for character in text:
        width += _cells(character)
        if width > columns:
            break
        taken += character
    return taken + "…"

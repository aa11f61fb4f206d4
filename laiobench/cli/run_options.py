"""The options of a run besides its jobs: where the result is saved, and what is printed.

`explain` takes the same options as `run`, so that any command line of `run` can be
explained.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from laiobench.cli.params import DurationType, PathType
from laiobench.cli.shared_options import DEFAULT_RESULTS, quiet_option
from laiobench.cli.status import check_interval
from laiobench.errors import RunError, UsageError
from laiobench.measurement.watch.stuck_io import DEFAULT_HANG_TIMEOUT_S
from laiobench.results import reference, store
from laiobench.results.run_result import RunResult

_OPTIONS = (
    click.option("--output", type=PathType(), metavar="FILE", help="Save the document here."),
    click.option(
        "--results",
        type=PathType(),
        metavar="FOLDER",
        help=f"Save the document in this folder, by date and name.  {DEFAULT_RESULTS}",
    ),
    click.option(
        "--log-dir",
        "--log_dir",
        type=PathType(),
        default=Path(),
        metavar="FOLDER",
        help="Where logs, states of verifications and bad blocks go, in place of the current "
        "folder.",
    ),
    click.option("--no-save", is_flag=True, help="Do not save the document."),
    click.option(
        "--hang-timeout",
        type=DurationType(),
        default=f"{DEFAULT_HANG_TIMEOUT_S:g}s",
        show_default=True,
        metavar="DURATION",
        help="After so long say which I/Os do not come back; 0: never.",
    ),
    click.option(
        "--status-interval",
        "--status_interval",
        type=DurationType(),
        metavar="DURATION",
        help="Tell on stderr how the jobs are doing, a JSON object a line, instead of the "
        "progress.",
    ),
    quiet_option(),
)


@dataclass(frozen=True)
class Destination:
    """Where the result is saved: in a file, in a folder, or nowhere."""

    file: Path | None
    folder: Path | None

    @classmethod
    def of(cls, output: Path | None, results: Path | None, no_save: bool) -> "Destination":
        """The destination that the options name.

        Raises:
            UsageError: they contradict each other.
        """
        given = [
            name
            for name, value in (("--output", output), ("--results", results))
            if value is not None
        ] + ["--no-save"] * no_save
        if len(given) > 1:
            raise UsageError(f"{' and '.join(given)} contradict each other", "give one of them")
        if no_save:
            return cls(None, None)
        return cls(output, None) if output else cls(None, results or reference.default_folder())

    @property
    def files(self) -> list[str]:
        """What would be written to, in words: a file, a folder, or nothing."""
        if self.file:
            return [str(self.file)]
        return [f"{self.folder}/, a file by date and name"] if self.folder else []

    @property
    def paths(self) -> list[tuple[str, Path]]:
        """The file that is named, with what it is called."""
        return [(f"--output={self.file}", self.file)] if self.file else []

    def check(self) -> None:
        """Find out before the run whether its result can be saved."""
        if self.file:
            store.check_output(self.file)
        elif self.folder:
            store.check_writable(self.folder)

    def save(self, result: RunResult) -> Path | None:
        """Save the result; returns its file, if it was saved."""
        if self.file:
            return store.save_as(result, self.file)
        return store.save(result, self.folder) if self.folder else None


@dataclass(frozen=True)
class RunOptions:
    """The values of these options."""

    destination: Destination
    hang_timeout_s: float
    status_interval_s: float | None
    quiet: bool
    log_dir: Path

    def check(self) -> None:
        """Find out before the run whether its result and logs can be saved.

        Raises:
            UsageError, RunError: they can't.
        """
        self.destination.check()
        try:
            self.log_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"{self.log_dir} cannot be made: {error.strerror}") from None


def run_options(command: Callable[..., int]) -> Callable[..., int]:
    """The options of a command that runs jobs; it gets them as `running`.

    Raises:
        UsageError: from the command; they contradict each other, or an interval is too short.
    """

    @functools.wraps(command)
    def with_running(
        *, output: Path | None, results: Path | None, no_save: bool, hang_timeout: float,
        status_interval: float | None, quiet: bool, log_dir: Path, **others: Any,
    ) -> int:  # fmt: skip
        if status_interval is not None:
            check_interval(status_interval)
        destination = Destination.of(output, results, no_save)
        running = RunOptions(destination, hang_timeout, status_interval, quiet, log_dir)
        return command(running=running, **others)

    wrapped: Callable[..., int] = with_running
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped

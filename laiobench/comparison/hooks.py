"""Commands around trials: `--prepare`, `--setup` and `--cleanup`.

They come from the command line alone, never from a file, and run in a shell while
no AIO context lives: a child that shares a ring would change its parent's.
"""

import re
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from laiobench.errors import RunError

_LAST_LINES = 3
_LAST_OF_A_COMMAND = 127
"""Statuses above are a shell's own, for what a signal ended."""


class CommandFailed(RunError):
    """A command around trials failed.

    Args:
        status: what it ended with; below 0: the signal that ended it.
    """

    def __init__(self, problem: str, remedy: str, status: int) -> None:
        super().__init__(problem, remedy)
        self.was_ended = status < 0 or status > _LAST_OF_A_COMMAND


@dataclass(frozen=True)
class TrialCommands:
    """What is run before and after each trial."""

    prepare: str | None = None
    cleanup: str | None = None

    def before(self, values: Mapping[str, str]) -> None:
        """Raises CommandFailed: the command failed."""
        if self.prepare:
            _run("--prepare", self.prepare, values)

    def after(self, values: Mapping[str, str]) -> None:
        """Raises CommandFailed: the command failed."""
        if self.cleanup:
            _run("--cleanup", self.cleanup, values)


@dataclass(frozen=True)
class RevisionCommands:
    """What is run for a revision: once when it is next, and before and after each of its trials."""

    prepare: str | None = None
    setup: str | None = None
    cleanup: str | None = None

    def install(self, values: Mapping[str, str]) -> None:
        """Raises CommandFailed: it can't be built, or is none."""
        if self.prepare:
            _run("--prepare", self.prepare, values)

    def before(self, values: Mapping[str, str]) -> None:
        """Raises CommandFailed: the command failed."""
        if self.setup:
            _run("--setup", self.setup, values)

    def after(self, values: Mapping[str, str]) -> None:
        """Raises CommandFailed: the command failed."""
        if self.cleanup:
            _run("--cleanup", self.cleanup, values)


def filled_in(command: str, values: Mapping[str, str]) -> str:
    """The command with each `{key}` replaced, quoted for the shell; other braces stay."""

    def value_of(match: re.Match[str]) -> str:
        key = match[1]
        return shlex.quote(values[key]) if key in values else match[0]

    return re.sub(r"\{([^{}]+)\}", value_of, command)


def _run(name: str, command: str, values: Mapping[str, str]) -> None:
    text = filled_in(command, values)
    done = subprocess.run(
        text,
        shell=True,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode == 0:
        return
    how = (
        f"was ended by signal {-done.returncode}"
        if done.returncode < 0
        else f"ended with {done.returncode}"
    )
    said = "; ".join(line.strip() for line in done.stdout.splitlines()[-_LAST_LINES:])
    raise CommandFailed(
        f"the {name} command {how}: {text}" + (f": {said}" if said else ""),
        "it runs in a shell, between trials: try it by itself",
        done.returncode,
    )

"""Runs the commands around trials: `--prepare`, `--setup` and `--cleanup`.

Commands come only from the command line, never from a file.  They run in a shell, while
there is no AIO context: a forked child shares the mapped ring and could change it.
"""

import re
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from laiobench.errors import RunError

_LAST_LINES = 3
_LAST_OF_A_COMMAND = 127
"""Exit statuses above are the shell's own, for commands that a signal ended."""


class CommandFailed(RunError):
    """A command around trials failed.

    Args:
        status: its exit status; below 0: minus the signal that ended it.
    """

    def __init__(self, problem: str, remedy: str, status: int) -> None:
        super().__init__(problem, remedy)
        self.was_ended = status < 0 or status > _LAST_OF_A_COMMAND


@dataclass(frozen=True)
class TrialCommands:
    """The commands before and after each trial of a comparison."""

    prepare: str | None = None
    cleanup: str | None = None

    def before(self, values: Mapping[str, str]) -> None:
        """Run --prepare.  Raises CommandFailed: it failed."""
        if self.prepare:
            _run("--prepare", self.prepare, values)

    def after(self, values: Mapping[str, str]) -> None:
        """Run --cleanup.  Raises CommandFailed: it failed."""
        if self.cleanup:
            _run("--cleanup", self.cleanup, values)


@dataclass(frozen=True)
class RevisionCommands:
    """The commands of a bisection: to prepare a revision, and around each of its trials."""

    prepare: str | None = None
    setup: str | None = None
    cleanup: str | None = None

    def install(self, values: Mapping[str, str]) -> None:
        """Prepare a revision.  Raises CommandFailed: the command failed."""
        if self.prepare:
            _run("--prepare", self.prepare, values)

    def before(self, values: Mapping[str, str]) -> None:
        """Run --setup.  Raises CommandFailed: it failed."""
        if self.setup:
            _run("--setup", self.setup, values)

    def after(self, values: Mapping[str, str]) -> None:
        """Run --cleanup.  Raises CommandFailed: it failed."""
        if self.cleanup:
            _run("--cleanup", self.cleanup, values)


def filled_in(command: str, values: Mapping[str, str]) -> str:
    """The command with each `{key}` replaced by its value, quoted for the shell.

    Braces around anything that is no key stay.
    """

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

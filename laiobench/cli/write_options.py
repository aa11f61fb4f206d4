"""The options that permit writing, and the question that is asked at a terminal.

A person is asked about each block device, even one that was named, and about each file
that was not named.  With --yes, or without a terminal, nobody is asked, and only named
targets may be written to.
"""

import functools
import os
import select
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from laiobench.cli.console import draw, say
from laiobench.errors import Interrupted, UsageError
from laiobench.jobs.options.types import parse_flag
from laiobench.measurement.targets import Permission, Question
from laiobench.measurement.targets.permission import READONLY_VARIABLE

# The longest time from a signal until the question ends.
_LONGEST_WAIT_S = 0.25

_OPTIONS = (
    click.option(
        "--allow-write",
        multiple=True,
        metavar="PATH",
        help="The data of this target may be lost.  Needed for each one that a job writes to.",
    ),
    click.option(
        "--yes",
        is_flag=True,
        help="Ask nothing: write to what --allow-write names, and refuse the rest.",
    ),
    click.option(
        "--force-signature",
        is_flag=True,
        help="Write also to an allowed device that has a file system, a partition table or the "
        "like on it.  What is mounted or otherwise in use is refused nevertheless.",
    ),
    click.option(
        "--readonly",
        is_flag=True,
        help=f"Refuse every job that changes data.  {READONLY_VARIABLE}=1 says the same.",
    ),
)


@dataclass(frozen=True)
class WriteOptions:
    """The values of these options."""

    allow_write: tuple[str, ...]
    yes: bool
    force_signature: bool
    readonly: bool

    @property
    def forbids_all(self) -> bool:
        """Whether nothing may be changed, by the option or by the environment.

        Raises:
            UsageError: the variable is neither yes nor no.
        """
        return self.readonly or _is_readonly_everywhere()

    def permission(self, stop: Callable[[], bool]) -> Permission:
        """What the options, the environment and a person permit; `stop` ends a question.

        Raises:
            UsageError: the variable is neither yes nor no.
        """
        return Permission(
            allow_write=self.allow_write,
            force_signature=self.force_signature,
            readonly=self.forbids_all,
            ask=None if self.yes or not _has_person() else Person(stop),
        )


def write_options(command: Callable[..., int]) -> Callable[..., int]:
    """The options of a command that may write; it gets them as `writing`."""

    @functools.wraps(command)
    def with_writing(
        *, allow_write: tuple[str, ...], yes: bool, force_signature: bool, readonly: bool,
        **others: Any,
    ) -> int:  # fmt: skip
        writing = WriteOptions(allow_write, yes, force_signature, readonly)
        return command(writing=writing, **others)

    wrapped: Callable[..., int] = with_writing
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def _is_readonly_everywhere() -> bool:
    try:
        return parse_flag(os.environ.get(READONLY_VARIABLE, "0")) is True
    except ValueError as error:
        raise UsageError(f"{READONLY_VARIABLE}: {error}") from None


def _has_person() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


class Person:
    """The person at the terminal, who is asked once about each target."""

    def __init__(self, stop: Callable[[], bool]) -> None:
        self._stop = stop
        self._agreed: set[Question] = set()

    def __call__(self, question: Question) -> bool:
        """Show what would be lost, and ask for the target's name to be typed.

        Raises:
            Interrupted: `stop` asked for it.
        """
        if question in self._agreed:
            return True
        say(f"job {question.job} (rw={question.rw}) will overwrite {question.path}")
        width = max((len(name) for name, _ in question.facts), default=0)
        for name, value in question.facts:
            say(f"  {name:<{width}}  {value}")
        draw(f"Its data will be lost.  To go on, type its name ({question.name}): ")
        while not select.select([sys.stdin], [], [], _LONGEST_WAIT_S)[0]:
            if self._stop():
                raise Interrupted("stopped before anything was written")
        answer = sys.stdin.readline()
        if not answer.endswith("\n"):  # Ctrl-D
            say("")
        if answer.strip() not in (question.name, f"/dev/{question.name}"):
            return False
        self._agreed.add(question)
        return True

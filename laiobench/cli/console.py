"""What is said beside the answer: sentences and errors, on stderr.

A closed or broken stderr is no reason to fail in another way.
"""

import contextlib
import os
import sys

import click

from laiobench.errors import CombinedUsageError, LaiobenchError


def open_standard_streams() -> None:
    """Nobody listens on a stream that was closed; but its number must not become a target's."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def say(text: str) -> None:
    """A remark."""
    draw(text + "\n")


def draw(text: str) -> None:
    """What goes to stderr as it is: a terminal's controls too, and no line end of its own."""
    with contextlib.suppress(OSError):
        click.echo(text, nl=False, err=True)


def complain(error: LaiobenchError) -> None:
    """An error, or each of several."""
    problems = error.problems if isinstance(error, CombinedUsageError) else (error,)
    for problem in problems:
        complain_of(problem.problem, problem.remedy)


def complain_of(problem: str, remedy: str = "") -> None:
    """What failed, on what and why; and what to do about it."""
    say(f"laiobench: error: {problem}" + (f"\n  {remedy}" if remedy else ""))

"""What is said: the answer on stdout, and beside it sentences and errors, on stderr.

Nothing that is said acts on a terminal or on CI (`visible`).  A closed or broken stderr is
no reason to fail in another way.
"""

import contextlib
import sys

import click

from laiobench.cli.streams import write_document
from laiobench.errors import CombinedUsageError, LaiobenchError
from laiobench.words import json_visible, visible


def answer(text: str, *, is_document: bool = False) -> None:
    """The answer: words for people, or JSON for programs."""
    if is_document:
        write_document(json_visible(text) + "\n")
    else:
        click.echo(visible(text), file=sys.stdout)


def say(text: str) -> None:
    """A remark."""
    draw(text + "\n")


def draw(text: str, *, control: str = "") -> None:
    """What goes to stderr without a line end of its own, after what the terminal shall do."""
    with contextlib.suppress(OSError):
        click.echo(control + visible(text), nl=False, file=sys.stderr)


def complain(error: LaiobenchError) -> None:
    """An error, or each of several."""
    problems = error.problems if isinstance(error, CombinedUsageError) else (error,)
    for problem in problems:
        complain_of(problem.problem, problem.remedy)


def complain_of(problem: str, remedy: str = "") -> None:
    """What failed, on what and why; and what to do about it."""
    say(f"laiobench: error: {problem}" + (f"\n  {remedy}" if remedy else ""))

"""Printing: the answer on stdout; sentences and errors on stderr.

Printed text cannot act on a terminal or on CI (`visible`).  If stderr is closed or broken,
nothing else fails because of it.
"""

import contextlib
import sys

import click

from laiobench.cli import colours
from laiobench.cli.streams import write_document
from laiobench.errors import CombinedUsageError, LaiobenchError
from laiobench.words import json_visible, visible


def answer(text: str, *, is_document: bool = False, has_verdicts: bool = False) -> None:
    """Print the answer: words for people, with verdicts in colour, or JSON for programs."""
    if is_document:
        write_document(json_visible(text) + "\n")
        return
    shown = visible(text)
    if has_verdicts and colours.are_wanted():
        shown = colours.coloured(shown)
    click.echo(shown, file=sys.stdout, color=has_verdicts and colours.are_wanted())


def say(text: str) -> None:
    """Print a remark on stderr."""
    draw(text + "\n")


def draw(text: str, *, control: str = "") -> None:
    """Write to stderr without a line end, after a control sequence for the terminal."""
    with contextlib.suppress(OSError):
        click.echo(control + visible(text), nl=False, file=sys.stderr)


def complain(error: LaiobenchError) -> None:
    """Print an error, or each of several."""
    problems = error.problems if isinstance(error, CombinedUsageError) else (error,)
    for problem in problems:
        complain_of(problem.problem, problem.remedy)


def complain_of(problem: str, remedy: str = "") -> None:
    """Print what failed, on what and why; and what to do about it."""
    say(f"laiobench: error: {problem}" + (f"\n  {remedy}" if remedy else ""))

"""Options that several commands share: each is declared once, here.

Options of a single command, and those of jobs, are declared elsewhere.
"""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import click

from laiobench.cli.params import PathType
from laiobench.results import reference

_F = TypeVar("_F", bound=Callable[..., Any])


class Decorator(Protocol):
    """A function that adds an option to a command."""

    def __call__(self, command: _F, /) -> _F: ...


DEFAULT_RESULTS = f"[default: {reference.FOLDER_VARIABLE}, or {reference.DEFAULT_FOLDER}]"
WHERE_RESULTS_ARE = "The folder of results."
WHERE_NAMED_RESULTS_ARE = "The folder in which ids are looked up."


def section_option(verb: str = "Run") -> Decorator:
    """--section, as the parameter `section`: which jobs of a file."""
    return click.option(
        "--section",
        multiple=True,
        metavar="NAME",
        help=f"{verb} this job of SOURCE alone, or these.",
    )


def json_option(what: str = "the whole document, as JSON") -> Decorator:
    """--json, as the parameter `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help=f"Print {what}.")


def results_option(text: str) -> Decorator:
    """--results, as the parameter `results`: the folder of results."""
    return click.option(
        "--results",
        type=PathType(),
        metavar="FOLDER",
        default=reference.default_folder,
        help=f"{text}  {DEFAULT_RESULTS}",
    )


def seed_option() -> Decorator:
    """--seed, as the parameter `seed`: the seed of an experiment."""
    return click.option(
        "--seed", type=int, help="The seed of the order of trials.  [default: drawn]"
    )


def quiet_option(text: str = "No progress, no remarks.") -> Decorator:
    """--quiet, as the parameter `quiet`."""
    return click.option("-q", "--quiet", is_flag=True, help=text)

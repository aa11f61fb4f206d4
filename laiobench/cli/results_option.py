"""`--results`: the folder of results that a command reads or saves to, and its default."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from laiobench.cli.params import PathType
from laiobench.results import reference

_Command = TypeVar("_Command", bound=Callable[..., Any])

DEFAULT = f"[default: {reference.FOLDER_VARIABLE}, or {reference.DEFAULT_FOLDER}]"

NAMED_BY_IDS = "Where results are that are named by their ids."


def results_option(text: str) -> Callable[[_Command], _Command]:
    """The option, of a command that gets it as `results`."""
    return click.option(
        "--results",
        type=PathType(),
        metavar="FOLDER",
        default=reference.default_folder,
        help=f"{text}  {DEFAULT}",
    )

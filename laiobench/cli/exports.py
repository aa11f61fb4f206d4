"""`--export FORMAT=FILE`: files in other formats, besides the answer."""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from laiobench.cli.streams import write_document
from laiobench.errors import RunError, UsageError, raise_all
from laiobench.files import distinct, outputs
from laiobench.report import export as formats
from laiobench.results import store
from laiobench.results.document import Document
from laiobench.words import visible

STDOUT = "-"

_Command = TypeVar("_Command", bound=Callable[..., Any])


def option(form: str) -> Callable[[_Command], _Command]:
    """The option `--export`, with the formats that there are for this form of document."""
    return click.option(
        "--export",
        "export_texts",
        multiple=True,
        metavar="FORMAT=FILE",
        help="Write it in this format as well; - is standard output.  May be repeated.  One of: "
        + ", ".join(formats.formats_for(form))
        + ".",
    )


@dataclass(frozen=True)
class Export:
    """A format, and the file to write."""

    format: str
    file: str


def parse(texts: Sequence[str], form: str, *, as_json: bool) -> list[Export]:
    """Parse `--export`, before anything is measured.

    Raises:
        UsageError: a format is unknown or not for such documents, or a file can't be
            written; all faults are told.
    """
    problems: list[UsageError] = []
    found = []
    for text in texts:
        name, equals, file = text.partition("=")
        try:
            if not equals or not file:
                raise UsageError(f"--export {text} names no file", "write FORMAT=FILE")
            formats.check_form(name, form)
            formats.check_format(name)
            if file == STDOUT and as_json:
                raise UsageError(
                    f"--export {text} and --json both go to standard output", "name a file"
                )
            if file != STDOUT:
                store.check_output(Path(file))
            found.append(Export(name, file))
        except UsageError as error:
            problems.append(error)
    raise_all(problems)
    distinct.check(paths(found))
    return found


def paths(exports: Sequence[Export]) -> list[tuple[str, Path]]:
    """The files that they replace, each with what it is called."""
    return [
        (f"--export {export.format}={export.file}", Path(export.file))
        for export in exports
        if export.file != STDOUT and not formats.find(export.format).appends
    ]


def write_all(exports: Sequence[Export], document: Document) -> None:
    """Write all exports.

    Raises:
        RunError: one can't be written.
    """
    for export in exports:
        put(export, formats.write(export.format, [document]))


def put(export: Export, text: str) -> None:
    """Write `text` to the export's file, or to standard output.

    Raises:
        RunError: it can't be written.
    """
    if export.file == STDOUT:
        write_document(visible(text) if sys.stdout.isatty() else text)
        return
    try:
        if formats.find(export.format).appends:
            outputs.append(Path(export.file), text)
        else:
            outputs.write(Path(export.file), text)
    except OSError as error:
        reason = error.strerror or os.strerror(error.errno or 0)
        raise RunError(f"{export.file} cannot be written: {reason}") from None

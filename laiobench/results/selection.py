"""Selecting stored runs: the runs that a user names as one side of a comparison, as digests.

A reference is a file, a folder, `last`, `last~1` or the beginning of an id.  If it names a
live comparison, the runs of its baseline are selected; `REFERENCE:VARIANT` selects those of
another variant.  A damaged document is always an error.  Runs in a folder that did not end
well are left out, and the caller is told which.
"""

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from laiobench.errors import UsageError
from laiobench.files.regular import read_document
from laiobench.results import reference as reference_module
from laiobench.results import store
from laiobench.results.digest import RunDigest, digest


@dataclass(frozen=True)
class Selection:
    """The runs that a reference names."""

    reference: str
    runs: tuple[RunDigest, ...]
    failed: tuple[str, ...] = ()
    """A sentence for each run that failed."""
    interrupted: tuple[str, ...] = ()
    """A sentence for each run that was interrupted."""
    files: tuple[Path, ...] = ()
    """The files that hold the runs."""
    variant: str | None = None
    """The variant that was asked for, if the one file is a comparison."""

    @property
    def left_out(self) -> tuple[str, ...]:
        """A sentence for each run that did not end well."""
        return (*self.failed, *self.interrupted)


def select(reference: str, folder: Path) -> Selection:
    """The runs that `reference` names; `folder` is where results are.

    Raises:
        UsageError: there are none that ended well, or a document is damaged.
    """
    found = read(reference, folder)
    is_folder = Path(reference).is_dir()
    if found.left_out and not is_folder:
        raise UsageError(found.left_out[0], "name results that ended well")
    if not found.runs:
        raise UsageError(
            f"{reference} holds no results" + (" that ended well" if found.left_out else ""),
            "name a folder of results, a file, or the beginning of an id",
        )
    return found


def read(reference: str, folder: Path) -> Selection:
    """As `select`, but the caller judges runs that did not end well, and that there are none.

    Raises:
        UsageError: a document is damaged, or there is no such reference.
    """
    reference_module.check_reference(reference)
    place = Path(reference)
    variant = None
    if place.is_dir():
        files = reference_module.paths(place)
    else:
        file, variant = _split(reference, folder)
        files = [file]
    runs: list[RunDigest] = []
    failed: list[str] = []
    interrupted: list[str] = []
    for path in files:
        for run in _runs_of(path, variant, is_named=not place.is_dir()):
            if run.status == "ok":
                runs.append(run)
            else:
                bad = failed if run.status == "failed" else interrupted
                bad.append(_ended_badly(path, run))
    return Selection(
        reference, tuple(runs), tuple(failed), tuple(interrupted), tuple(files), variant
    )


def documents(selection: Selection) -> Iterator[bytes]:
    """The documents, as text, of the selected runs that ended well, to be stored elsewhere."""
    for path in selection.files:
        text = read_document(path)
        read_raw = store.kind_of(path, text).runs
        for run in read_raw(text, path, selection.variant) if read_raw else ():
            if digest(run).status == "ok":
                yield run if isinstance(run, bytes) else json.dumps(run).encode() + b"\n"


def _split(reference: str, folder: Path) -> tuple[Path, str | None]:
    """The file, and the variant in `REFERENCE:VARIANT`; None: no variant is given."""
    try:
        return reference_module.find(reference, folder), None
    except UsageError:
        before, colon, variant = reference.rpartition(":")
        if not colon or not before:
            raise
        return reference_module.find(before, folder), variant


def read_runs(path: Path, variant: str | None = None) -> Sequence[RunDigest]:
    """The runs in a file: the run that it is the document of, or those of a variant.

    Raises:
        UsageError: the file is damaged, or has no such runs.
    """
    return _runs_of(path, variant, is_named=True)


def _runs_of(path: Path, variant: str | None, *, is_named: bool) -> Sequence[RunDigest]:
    """The runs in a file.

    A kind of document without runs is an error only if the user named the file itself;
    folders may hold such documents.
    """
    text = read_document(path)
    if variant is None:
        with contextlib.suppress(ValidationError):  # most files are runs; the others are read below
            return [digest(text)]
    with store.explained(path):
        kind = store.kind_of(path, text)
        if kind.runs is None:
            if is_named:
                raise UsageError(f"{path} is {kind.title}, which has no runs to compare")
            return []
        runs = [digest(run) for run in kind.runs(text, path, variant)]
    if not runs:
        raise UsageError(f"{path} has no runs of its own to compare")
    return runs


def _ended_badly(path: Path, run: RunDigest) -> str:
    why = f": {run.failures[0]}" if run.failures else ""
    return (
        f"{path} is of a run that {'failed' if run.status == 'failed' else 'was interrupted'}{why}"
    )

"""Selecting stored runs: what a user names on either side of a comparison, as digests.

A reference is a file, a folder, `last`, `last~1` or the beginning of an id; of a live
comparison, its baseline's runs are meant, or with `REFERENCE:VARIANT` those of that
variant.  What is damaged is an error, never left out in silence; runs that did not
end well are left out of folders, and told.
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
    """Runs that failed, in sentences."""
    interrupted: tuple[str, ...] = ()
    """The same of those that were interrupted."""
    files: tuple[Path, ...] = ()
    """Those that the runs are in."""
    variant: str | None = None
    """Of the comparison that is in the one file, if that was asked for."""

    @property
    def left_out(self) -> tuple[str, ...]:
        """Runs that did not end well, in sentences."""
        return (*self.failed, *self.interrupted)


def select(reference: str, folder: Path) -> Selection:
    """The runs that `reference` names; `folder` is where results are.

    Raises:
        UsageError: there are none, or one is damaged.
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
    """As `select`, but that what did not end well is the caller's to judge, and nothing too.

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
    """The texts of the selected runs that ended well, to be kept elsewhere."""
    for path in selection.files:
        text = read_document(path)
        read_raw = store.kind_of(path, text).runs
        for run in read_raw(text, path, selection.variant) if read_raw else ():
            if digest(run).status == "ok":
                yield run if isinstance(run, bytes) else json.dumps(run).encode() + b"\n"


def _split(reference: str, folder: Path) -> tuple[Path, str | None]:
    """The file, and the variant that is asked for."""
    try:
        return reference_module.find(reference, folder), None
    except UsageError:
        before, colon, variant = reference.rpartition(":")
        if not colon or not before:
            raise
        return reference_module.find(before, folder), variant


def read_runs(path: Path, variant: str | None = None) -> Sequence[RunDigest]:
    """The runs in a file: the one that it is of, or those of a variant.

    Raises:
        UsageError: it is damaged, or has no such runs.
    """
    return _runs_of(path, variant, is_named=True)


def _runs_of(path: Path, variant: str | None, *, is_named: bool) -> Sequence[RunDigest]:
    """A document of a kind that has no runs is no mistake in a folder, but is if it is named."""
    text = read_document(path)
    if variant is None:
        with contextlib.suppress(ValidationError):  # most are: what else it is, is looked at later
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

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
from typing import Literal

from pydantic import ValidationError

from laiobench.errors import UsageError
from laiobench.files.regular import read_document
from laiobench.results import reference as reference_module
from laiobench.results import store
from laiobench.results.digest import RunDigest, digest
from laiobench.results.model import Record


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


class _Trial(Record):
    variant: str
    run: dict[str, object]


class _Variant(Record):
    name: str


class _Trials(Record):
    """What is read of a comparison."""

    kind: Literal["comparison"]
    variants: list[_Variant]
    trials: list[_Trial]


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
        for run in read_runs(path, variant):
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
        if store.kind_of(path, text) != "comparison":
            if digest(text).status == "ok":
                yield text
            continue
        comparison = _Trials.model_validate_json(text)
        chosen = selection.variant or comparison.variants[0].name
        for trial in comparison.trials:
            if trial.variant == chosen and trial.run.get("status") == "ok":
                yield json.dumps(trial.run).encode() + b"\n"


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
    """The run in a file, or those of a variant of the comparison that is in it.

    Raises:
        UsageError: it is damaged, or has no such variant.
    """
    text = read_document(path)
    with contextlib.suppress(ValidationError):  # most are: what else it is, is looked at later
        run = digest(text)
        if variant is not None:
            raise UsageError(f"{path} is the result of a run: it has no variant {variant}")
        return [run]
    with store.explained(path):
        if store.kind_of(path, text) != "comparison":
            return [digest(text)]
        comparison = _Trials.model_validate_json(text)
        names = [known.name for known in comparison.variants]
        chosen = variant or names[0]
        if chosen not in names:
            raise UsageError(
                f"{path} has no variant {chosen}", "its variants are: " + ", ".join(names)
            )
        runs = [digest(trial.run) for trial in comparison.trials if trial.variant == chosen]
    if not runs:
        raise UsageError(f"{path} has no runs of its own to compare")
    return runs


def _ended_badly(path: Path, run: RunDigest) -> str:
    why = f": {run.failures[0]}" if run.failures else ""
    return (
        f"{path} is of a run that {'failed' if run.status == 'failed' else 'was interrupted'}{why}"
    )

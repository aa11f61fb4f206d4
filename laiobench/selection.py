"""Selecting stored runs: what a user names on either side of a comparison, as digests.

A reference is a file, a folder, `last` or the beginning of an id; of a live
comparison, its baseline's runs are meant, or with `REFERENCE:VARIANT` those of that
variant.  What is damaged is an error, never left out in silence; runs that did not
end well are left out of folders, and told.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from laiobench import store
from laiobench.errors import UsageError
from laiobench.metrics import RunDigest, digest
from laiobench.record import Record


@dataclass(frozen=True)
class Selection:
    """The runs that a reference names."""

    reference: str
    runs: tuple[RunDigest, ...]
    left_out: tuple[str, ...] = ()
    """Runs that did not end well, in sentences."""


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
    place = Path(reference)
    if place.is_dir():
        return _of_folder(reference, place)
    path, variant = _split(reference, folder)
    runs = read_runs(path, variant)
    bad = [_ended_badly(path, run) for run in runs if run.status != "ok"]
    if bad:
        raise UsageError(bad[0], "name results that ended well")
    return Selection(reference, tuple(runs))


def _of_folder(reference: str, folder: Path) -> Selection:
    runs: list[RunDigest] = []
    left_out: list[str] = []
    for path in store.paths(folder):
        for run in read_runs(path):
            if run.status == "ok":
                runs.append(run)
            else:
                left_out.append(_ended_badly(path, run))
    if not runs:
        raise UsageError(
            f"{folder} holds no results" + (" that ended well" if left_out else ""),
            "name a folder of results, a file, or the beginning of an id",
        )
    return Selection(reference, tuple(runs), tuple(left_out))


def _split(reference: str, folder: Path) -> tuple[Path, str | None]:
    """The file, and the variant that is asked for."""
    try:
        return store.find(reference, folder), None
    except UsageError:
        before, colon, variant = reference.rpartition(":")
        if not colon or not before:
            raise
        return store.find(before, folder), variant


def read_runs(path: Path, variant: str | None = None) -> Sequence[RunDigest]:
    """The run in a file, or those of a variant of the comparison that is in it.

    Raises:
        UsageError: it is damaged, or has no such variant.
    """
    text = store.read(path)
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

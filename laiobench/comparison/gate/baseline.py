"""A stored baseline: a folder of sessions, each of which is a folder of documents.

A session appears whole or not at all: it is written under another name, synced, and renamed.
The gate decides whether a candidate may join.  `pinned.toml` in the folder names the time
from which on sessions are the reference, against which small changes add up.  The sessions that
were inconclusive are in `kept-out`, which is a level deeper, so that they are no results of the
folder.
"""

import os
import re
import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from laiobench.comparison.sessions import MIN_SESSIONS, sessions
from laiobench.errors import RunError, UsageError
from laiobench.files import outputs
from laiobench.files.partial import new_folder, sync_folder
from laiobench.files.reading import read_text
from laiobench.files.toml import parse_toml
from laiobench.results.digest import RunDigest
from laiobench.results.selection import Selection, documents, read

KEPT_OUT = "kept-out"


def add_session(folder: Path, candidate: Selection, known: Sequence[RunDigest]) -> Path:
    """Copy the candidate's documents into the baseline; returns the session's folder.

    Args:
        folder: the baseline's folder; made if it does not exist.
        candidate: its runs become a session.
        known: the runs of the baseline.

    Raises:
        UsageError: the baseline has these runs already.
        RunError: it can't be written; nothing is left behind.
    """
    there = {_identity(run) for run in known}
    if any(_identity(run) in there for run in candidate.runs):
        raise UsageError(
            f"{candidate.reference} is in the baseline {folder} already",
            "a session counts once, however often it is added",
        )
    try:
        return _add(folder, candidate)
    except OSError as error:
        raise RunError(
            f"the session cannot be added to the baseline {folder}: {error.strerror}"
        ) from None


def keep_out(folder: Path, candidate: Selection, known: Sequence[RunDigest]) -> None:
    """Keep a candidate beside the baseline's sessions, unless it is there.

    Args: as of `add_session`; `known` are the runs that were kept out.

    Raises:
        RunError: it can't be written; nothing is left behind.
    """
    there = {_identity(run) for run in known}
    if all(_identity(run) in there for run in candidate.runs):
        return
    try:
        _add(folder / KEPT_OUT, candidate)
    except OSError as error:
        raise RunError(f"{folder / KEPT_OUT} cannot be written: {error.strerror}") from None


def kept_out(folder: Path, *others: Sequence[RunDigest]) -> list[RunDigest]:
    """The runs that were kept out, but for those that are known otherwise.

    Raises:
        UsageError: a document is damaged.
    """
    place = folder / KEPT_OUT
    if not place.is_dir():
        return []
    known = {_identity(run) for runs in others for run in runs}
    found = read(str(place), place).runs
    return [run for run in found if _identity(run) not in known]


def _add(folder: Path, candidate: Selection) -> Path:
    """A session with the candidate's documents.

    Raises:
        OSError: it can't be written.
    """
    started_at = min(run.started_at for run in candidate.runs)
    stamp = re.sub(r"[-:]", "", started_at.isoformat(timespec="milliseconds"))
    name = f"{stamp.split('+')[0]}Z-{secrets.token_hex(2)}"
    folder.mkdir(parents=True, exist_ok=True)
    with new_folder(folder) as partial:
        return _fill(partial, folder / name, documents(candidate))


def _fill(partial: Path, place: Path, found: Iterable[bytes]) -> Path:
    """Write and sync the documents, and then give the folder its name."""
    for number, document in enumerate(found, start=1):
        _write(partial / f"{number:04d}.json", document)
    sync_folder(partial)
    partial.rename(place)
    sync_folder(place.parent)
    return place


# ---- the reference ---------------------------------------------------------------

PINNED = "pinned.toml"
_SCHEMA = 1


def newest(known: Sequence[RunDigest]) -> datetime:
    """When the newest five sessions began, which are pinned by default.

    Raises:
        UsageError: there are no sessions.
    """
    found = sessions(known)[-MIN_SESSIONS:]
    if not found:
        raise UsageError("a baseline without sessions has nothing that could be pinned")
    return found[0][0].started_at


def pin(folder: Path, since: datetime) -> None:
    """Let the reference begin with the first session that began at `since` or later.

    Raises:
        RunError: it can't be written.
    """
    stamp = since.astimezone(UTC).isoformat()
    text = (
        "# Written by `laiobench gate --pin`: what is lost is added up from the sessions on\n"
        "# that began then.\n"
        f"schema = {_SCHEMA}\nsince = {stamp}\n"
    )
    try:
        outputs.replace(folder / PINNED, text).close()
    except OSError as error:
        raise RunError(f"{folder / PINNED} cannot be written: {error.strerror}") from None


def pinned_at(folder: Path) -> datetime | None:
    """The time at which the reference begins; None: nothing was pinned, or this is no folder.

    Raises:
        UsageError: the file can't be read, or has no such time.
    """
    path = folder / PINNED
    if not path.exists():
        return None
    hint = "`laiobench gate BASE --pin` writes it anew"
    document = parse_toml(read_text(path), str(path))
    since = document.get("since")
    if document.get("schema") != _SCHEMA or not isinstance(since, datetime) or not since.tzinfo:
        raise UsageError(f"{path} does not say since when the reference is", hint)
    return since


# ---- documents -------------------------------------------------------------------


def _identity(run: RunDigest) -> tuple[object, ...]:
    return run.machine.get("host"), run.machine.get("boot_id"), run.started_at


def _write(path: Path, document: bytes) -> None:
    with path.open("wb") as file:
        file.write(document)
        file.flush()
        os.fsync(file.fileno())

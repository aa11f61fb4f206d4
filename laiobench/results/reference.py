"""References: which stored document a user means by a path, `last`, or the beginning of an id.

A folder of results may hold folders, as a baseline holds its sessions.  Results in these
count as the folder's own, and their ids begin with the inner folder's name.  Only names of
files are looked at; no document is opened.
"""

import os
import re
from pathlib import Path

from laiobench.errors import UsageError

DEFAULT_FOLDER = Path("results")
FOLDER_VARIABLE = "LAIOBENCH_RESULTS"
LAST = "last"
_LAST_BUT = re.compile(r"last(?:~(\d{1,9}))?")
_STAMP = re.compile(r"\d{8}T\d{6}")


def default_folder() -> Path:
    """The folder of results, if --results is not given."""
    return Path(os.environ.get(FOLDER_VARIABLE) or DEFAULT_FOLDER)


def paths(folder: Path) -> list[Path]:
    """The results in a folder and in the folders directly below it, oldest first.

    The order is that of the times in their names.  Files without a time in the name, such
    as files that another program wrote, come first.
    """
    found = [*folder.glob("*.json"), *folder.glob("*/*.json")]
    shown = [path for path in found if not _is_hidden(path.relative_to(folder))]
    return sorted(shown, key=lambda path: _age(path.relative_to(folder)))


def _age(path: Path) -> tuple[str, Path]:
    stamped = (part for part in path.parts if _STAMP.match(part))
    return next(stamped, ""), path


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def identifier(path: Path, folder: Path) -> str:
    """The id by which users name a result: its path below the folder, without `.json`."""
    return str(path.relative_to(folder).with_suffix(""))


def check_reference(reference: str) -> None:
    """Refuse an empty reference: it would match every id, and as a path the current folder.

    Raises:
        UsageError: it is empty.
    """
    if not reference.strip():
        raise UsageError(
            "an empty reference names no result",
            "name a file, a folder, `last`, or the beginning of an id; is a variable empty?",
        )


def find(reference: str, folder: Path) -> Path:
    """The file that `reference` names: a path, `last`, `last~1`, or the beginning of an id.

    Raises:
        UsageError: it names none, or more than one.
    """
    check_reference(reference)
    if Path(reference).is_file():
        return Path(reference)
    known = paths(folder)
    if last := _LAST_BUT.fullmatch(reference):
        return _last_but(int(last[1] or 0), known, folder)
    matching = [path for path in known if str(path.relative_to(folder)).startswith(reference)]
    if len(matching) == 1:
        return matching[0]
    if matching:
        raise UsageError(
            f"{reference} is the beginning of {len(matching)} results in {folder}",
            "write more of it: " + ", ".join(identifier(path, folder) for path in matching[:5]),
        )
    raise _not_a_file(reference) or _no_result(reference, known, folder)


def _last_but(number: int, known: list[Path], folder: Path) -> Path:
    """The result `number` places before the newest; 0 is the newest itself."""
    if number < len(known):
        return known[-1 - number]
    raise _no_result(f"{LAST}~{number}" if number else LAST, known, folder)


def _not_a_file(reference: str) -> UsageError | None:
    """The error for a path that exists but is no regular file; None where nothing is there."""
    path = Path(reference)
    if path.is_dir():
        return UsageError(
            f"{reference} is a folder, and no result",
            f"name a file in it, or `last --results {reference}`",
        )
    if os.path.lexists(path):
        what = "no regular file" if path.exists() else "a link that leads nowhere"
        return UsageError(f"{reference} cannot be read: it is {what}")
    return None


def _no_result(reference: str, known: list[Path], folder: Path) -> UsageError:
    return UsageError(
        f"there is no result {reference} in {folder}",
        f"`laiobench list` shows the {len(known)} that there are"
        if known
        else "it holds no results",
    )

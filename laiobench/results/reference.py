"""References: which stored document a user means by a path, `last`, or the beginning of an id.

Knows names in a folder of results; opens none of them.
"""

from pathlib import Path

from laiobench.errors import UsageError

DEFAULT_FOLDER = Path("results")
LAST = "last"


def paths(folder: Path) -> list[Path]:
    """The results in a folder, oldest first."""
    return sorted(path for path in folder.glob("*.json") if not path.name.startswith("."))


def check_reference(reference: str) -> None:
    """An empty one is the beginning of every id, and as a path the current folder.

    Raises:
        UsageError: it is empty.
    """
    if not reference.strip():
        raise UsageError(
            "an empty reference names no result",
            "name a file, a folder, `last`, or the beginning of an id; is a variable empty?",
        )


def find(reference: str, folder: Path) -> Path:
    """The file that `reference` names: a path, `last`, or the beginning of an id.

    Raises:
        UsageError: none, or more than one.
    """
    check_reference(reference)
    if Path(reference).is_file():
        return Path(reference)
    known = paths(folder)
    if reference == LAST and known:
        return known[-1]
    matching = [path for path in known if path.name.startswith(reference)]
    if len(matching) == 1:
        return matching[0]
    if matching:
        raise UsageError(
            f"{reference} is the beginning of {len(matching)} results in {folder}",
            "write more of it: " + ", ".join(path.stem for path in matching[:5]),
        )
    raise UsageError(
        f"there is no result {reference} in {folder}",
        "`laiobench list` shows those there are" if known else "it holds no results",
    )

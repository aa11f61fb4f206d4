"""The profiles that come with laiobench, by name."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from laiobench.errors import UsageError
from laiobench.sources import Source, suggest, toml_file

DEFAULT = "quick"


def names() -> list[str]:
    """All of them, sorted."""
    folder = files("laiobench.profiles")
    return sorted(
        entry.name.removesuffix(".toml")
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    )


def load(name: str) -> Source:
    """A shipped profile.

    Raises:
        UsageError: there is none of this name.
    """
    if name not in names():
        raise UsageError(
            f"there is no profile or file {name}{suggest(name, names())}",
            "`laiobench profiles` lists the profiles; a file's name ends in .toml",
        )
    text = files("laiobench.profiles").joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return toml_file.parse(text, f"profile {name}")


def load_all() -> Iterator[tuple[str, Source]]:
    """Each profile with its name."""
    for name in names():
        yield name, load(name)


def open_source(reference: str) -> Source:
    """The file or shipped profile that a user names.

    Raises:
        UsageError: there is neither.
    """
    path = Path(reference)
    is_path = path.suffix == ".toml" or len(path.parts) > 1 or path.is_file()
    return toml_file.load(path) if is_path and reference not in names() else load(reference)

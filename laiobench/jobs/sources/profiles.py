"""Sources by name: the profiles that come with laiobench, and files."""

import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from laiobench.errors import UsageError
from laiobench.files.reading import STDIN, read_stdin, read_text
from laiobench.jobs.sources import Source, fio_file, toml_file
from laiobench.words import suggest

DEFAULT = "quick"
PARSERS = {".toml": toml_file.parse, ".fio": fio_file.parse}


def names() -> list[str]:
    """The names of the profiles, sorted."""
    return sorted(_files())


def load(name: str) -> Source:
    """A profile that comes with laiobench.

    Raises:
        UsageError: none has this name.
    """
    shipped = _files()
    if name not in shipped:
        raise UsageError(
            f"there is no profile or file {name}{suggest(name, shipped)}",
            "`laiobench profiles` lists the profiles",
        )
    text = files("laiobench.profiles").joinpath(shipped[name]).read_text(encoding="utf-8")
    return parse(text, f"profile {name}", Path(shipped[name]).suffix)


def load_all() -> Iterator[tuple[str, Source]]:
    """Each profile with its name."""
    for name in names():
        yield name, load(name)


def open_source(reference: str) -> Source:
    """The file or shipped profile that a user names; `-` is standard input.

    Raises:
        UsageError: it does not exist, or something in it is wrong.
    """
    if reference == STDIN:
        text = read_stdin()
        return parse(text, "standard input", grammar_of(text))
    path = Path(reference)
    is_path = path.suffix in PARSERS or len(path.parts) > 1 or path.is_file()
    if not is_path or reference in names():
        return load(reference)
    text = read_text(path)
    return parse(text, str(path), path.suffix, path)


def parse(text: str, origin: str, suffix: str, path: Path | None = None) -> Source:
    """Parse a source in the grammar of its suffix; with another suffix, in what it looks like."""
    if suffix not in PARSERS:
        suffix = grammar_of(text)
    if suffix == ".toml":
        return toml_file.parse(text, origin)
    return fio_file.parse(text, origin, path=path)


def grammar_of(text: str) -> str:
    """`.toml` or `.fio`, guessed from the text.

    TOML's jobs are tables, `[job.NAME]`.  A job of fio's may have such a name, too, but then
    its values are not written as TOML's.
    """
    if not re.search(r"^[ \t]*\[[ \t]*job[ \t]*[.\]]", text, re.MULTILINE):
        return ".fio"
    try:
        jobs = tomllib.loads(text).get("job")
    except (tomllib.TOMLDecodeError, RecursionError):
        quoted = len(re.findall(r"^[ \t]*[\w-]+[ \t]*=[ \t]*['\"\[]", text, re.MULTILINE))
        words = len(re.findall(r"^[ \t]*[\w-]+[ \t]*=[ \t]*\d*[a-z/$%]", text, re.MULTILINE))
        return ".toml" if quoted > words else ".fio"
    is_table_of_jobs = isinstance(jobs, dict) and all(
        isinstance(job, dict) for job in jobs.values()
    )
    return ".toml" if is_table_of_jobs else ".fio"


def _files() -> dict[str, str]:
    """The files of the profiles, by name."""
    return {
        Path(entry.name).stem: entry.name
        for entry in files("laiobench.profiles").iterdir()
        if Path(entry.name).suffix in PARSERS
    }

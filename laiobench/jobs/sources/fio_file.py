"""fio's job files.

[global]            ; settings of all jobs below; there may be several
rw=randread
include common.fio  # from the current folder, else from this file's
[qd1]               ; a job, with more settings
iodepth=1

Read as fio does, but for what `fio_differences` lists.  Nothing here runs a command, and
no file is read but those that are included.  Errors in these tell only the line's number:
the author of the job file may not be allowed to read them.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from laiobench.errors import CombinedUsageError, UsageError, raise_all
from laiobench.files.reading import MOST_BYTES, read_regular, read_text
from laiobench.jobs.options import ALIASES, Job, may_be_bare, option_names
from laiobench.jobs.sources import Draft, Setting, Source, put, resolve, unknown_option
from laiobench.jobs.sources.fio_compat import FOREIGN
from laiobench.jobs.sources.fio_differences import difference
from laiobench.jobs.sources.fio_several import IN_GLOBAL_TOO, several
from laiobench.jobs.sources.fio_variables import expand, variables

MOST_JOBS = 4096
INCLUDED = "what an included file says"
MOST_INCLUDES = 256
DEEPEST_INCLUDE = 16
LONGEST_LINE = 4096
_MOST_PROBLEMS = 50


def load(path: Path) -> Source:
    """Read a job file.

    Raises:
        UsageError: it can't be read, or something in it is wrong; all faults are told.
    """
    return parse(read_text(path), str(path), path=path)


def parse(
    text: str,
    origin: str,
    *,
    path: Path | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Source:
    """Parse a job file's text.

    Args:
        text: the file's content.
        origin: what errors call the file.
        path: the file itself; included files may be beside it.
        environment: the values of variables.
    """
    reader = _Reader(environment)
    reader.read(_Place(text, origin, path.parent if path else Path()), path)
    return Source(origin, reader.description(), reader.drafts())


@dataclass(frozen=True)
class _Place:
    """A file's text, what errors call it, and the folder that it is in."""

    text: str
    origin: str
    folder: Path


@dataclass
class _Section:
    """A job's settings, with those of the global sections above it."""

    name: str
    settings: dict[str, Setting]
    given: set[str] = field(default_factory=set)
    """The section's own settings."""


class _TooMuchIsWrong(Exception):
    pass


class _Reader:
    """The state while files are read, and the jobs and faults found."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._common = _Section("global", {})
        self._jobs: list[_Section] = []
        self._section: _Section | None = None
        self._open: list[Path] = []
        self._included = 0
        self._bytes = 0
        self._problems: list[UsageError] = []

    def read(self, place: _Place, path: Path | None) -> None:
        """Read the file, and those that it includes.

        Raises:
            UsageError: all faults.
        """
        try:
            self._lines(place, path)
            if not self._jobs and not self._problems:
                self._wrong(f"{place.origin}: no job; begin one with [NAME]")
        except _TooMuchIsWrong:
            self._problems.append(UsageError(f"{place.origin}: more is wrong; reading ended here"))
        if self._problems:
            self._add_what_would_be_wrong()
        raise_all(self._problems)

    def _add_what_would_be_wrong(self) -> None:
        """Add the faults that would be found once those known so far are mended."""
        try:
            resolve(self.drafts())
        except CombinedUsageError as error:
            self._problems += error.problems
        except UsageError as error:
            self._problems.append(error)

    def drafts(self) -> tuple[Draft, ...]:
        jobs = (Draft(section.name, section.settings, is_fio=True) for section in self._jobs)
        return tuple(job.with_implied() for job in jobs)

    def description(self) -> str:
        """What the file is for, if its first job has a description."""
        setting = self._jobs[0].settings.get("description") if self._jobs else None
        return str(setting.value) if setting else ""

    @property
    def _is_included(self) -> bool:
        return len(self._open) > 1

    def _wrong(self, problem: str, remedy: str = "") -> None:
        self._problems.append(UsageError(problem, remedy))
        if len(self._problems) >= _MOST_PROBLEMS:
            raise _TooMuchIsWrong

    def _lines(self, place: _Place, path: Path | None) -> None:
        self._bytes += len(place.text)
        if self._bytes > MOST_BYTES:
            self._wrong(f"{place.origin}: with what is included, it is larger than 1 MiB")
            raise _TooMuchIsWrong
        self._open.append(Path(os.path.realpath(path)) if path else Path())
        for number, line in enumerate(place.text.split("\n"), start=1):
            code = re.split("[;#]", line, maxsplit=1)[0].strip()
            origin = f"{place.origin}:{number}"
            if len(code) > LONGEST_LINE:
                self._wrong(f"{origin}: the line is longer than {LONGEST_LINE:,} characters")
            elif code.startswith("["):
                self._begin(code, origin)
            elif code.split(maxsplit=1)[:1] == ["include"]:
                self._include(code.removeprefix("include").strip(), origin, place)
            elif code:
                self._option(code, origin)
        self._open.pop()

    def _begin(self, code: str, origin: str) -> None:
        name, bracket, rest = code[1:].partition("]")
        name = name.strip()
        if self._is_included:
            self._wrong(
                f"{origin}: an included file cannot begin a section",
                "write the section in the file that includes it",
            )
        elif not bracket or rest:
            self._wrong(f"{origin}: {_shown(code)} is no section", "write it as [NAME], on a line")
        elif not name:
            self._wrong(f"{origin}: the section has no name", "write [NAME], or [global]")
        elif name.startswith("global"):
            self._section = self._common
            self._common.given.clear()
        elif len(self._jobs) == MOST_JOBS:
            self._wrong(f"{origin}: there are more than {MOST_JOBS:,} jobs")
            raise _TooMuchIsWrong
        else:
            settings = {**self._common.settings, "name": Setting(name, origin)}
            self._section = _Section(name, settings)
            self._jobs.append(self._section)

    def _include(self, name: str, origin: str, place: _Place) -> None:
        if self._section is None:
            self._outside(f"include {name}", origin)
            return
        try:
            path = self._find(expand(name, self._environment), place.folder)
            text = read_regular(path)
        except (UsageError, ValueError) as error:
            why = "the file cannot be read" if isinstance(error, UsageError) else error
            told = f": {why}" if self._is_included else f" {_shown(name)}: {error}"
            if variables(name) and not self._is_included:
                told = f" {_shown(name)}: {why}"
            self._wrong(f"{origin}: include{told}")
            return
        self._lines(_Place(text, str(path), path.parent), path)

    def _find(self, name: str, folder: Path) -> Path:
        """The file to include: in the current folder, or beside the including file."""
        if not name:
            raise ValueError("it needs a file's name")
        self._included += 1
        if self._included > MOST_INCLUDES:
            raise ValueError(f"more than {MOST_INCLUDES} files are included")
        path = Path(name)
        if not os.path.lexists(path):
            path = folder / name
        if Path(os.path.realpath(path)) in self._open:
            raise ValueError("it includes itself")
        if len(self._open) > DEEPEST_INCLUDE:
            raise ValueError(f"files are included more than {DEEPEST_INCLUDE} deep")
        return path

    def _outside(self, what: str, origin: str) -> None:
        self._wrong(
            f"{origin}: {_shown(what)} stands above the first section",
            "begin with [global] for all jobs, or with a job's [NAME]",
        )

    def _option(self, code: str, origin: str) -> None:
        if self._section is None:
            self._outside(code, origin)
            return
        try:
            name, equals, raw = expand(code, self._environment).partition("=")
            name, value = name.strip().replace("-", "_"), raw.strip()
            names = variables(code)
            differs = difference(name, raw)
            if differs and names:
                differs = f"fio reads {_hidden(names, is_included=False)} as another number"
            if name not in option_names() and name not in FOREIGN:
                raise unknown_option(_shown(code.partition("=")[0] if names else name), origin)
            if not equals and not _is_flag(name):
                raise UsageError(f"{origin}: {name} needs a value", f"write {name}=…")
            refusal = None
            if name in ("filename", "directory"):
                again = name == "filename" and name in self._section.given
                if again or re.search(r"(?<!\\):", value):
                    refusal = several(name, f"{origin}: {name}={_shown(value)}")
                value = value.replace("\\:", ":")
                if name == "filename" and name in self._section.settings:
                    differs = IN_GLOBAL_TOO
            written: tuple[str, object] | None = None if equals else (name, None)
            if names and equals:
                written = (name, code.partition("=")[2].strip())
            setting = Setting(
                value, origin, written=written, differs=differs, refusal=refusal,
                hides=_hidden(names, is_included=self._is_included),
            )  # fmt: skip
            put(self._section.settings, name, setting)
            self._section.given.add(name)
        except ValueError as error:
            self._wrong_option(origin, f"{origin}: {_shown(code)}: {error}")
        except UsageError as error:
            self._wrong_option(origin, error.problem, error.remedy)

    def _wrong_option(self, origin: str, problem: str, remedy: str = "") -> None:
        if self._is_included:
            problem = f"{origin}: the line is wrong; {INCLUDED} is not shown"
            remedy = ""
        self._wrong(problem, remedy)


def _hidden(names: Sequence[str], *, is_included: bool) -> str:
    """What no error may show of a line."""
    if is_included:
        return INCLUDED
    if not names:
        return ""
    return f"what {' and '.join(names)} {'stands' if len(names) == 1 else 'stand'} for"


def _is_flag(name: str) -> bool:
    """Whether the option may be written without a value."""
    ours = ALIASES.get(name, name)
    if not isinstance(ours, str):
        return True  # the reading of its value reports what is wrong
    return ours in FOREIGN or may_be_bare(Job.model_fields[ours])


def _shown(text: str) -> str:
    """A part of the file, shortened for a message."""
    text = text if len(text) <= 80 else text[:79] + "…"
    return text if text.isprintable() else repr(text)[1:-1]

"""Profiles in TOML: a description, settings for all jobs, and the jobs.

description = "4 KiB random reads, one at a time"
[global]
rw = "randread"
[job.qd1]
iodepth = 1
"""

import re
from pathlib import Path
from typing import Any

from laiobench.errors import UsageError, raise_all
from laiobench.files.reading import read_text
from laiobench.files.toml import parse_toml
from laiobench.jobs.options import option_names
from laiobench.jobs.sources import Draft, Setting, Source, over, put, unknown_option
from laiobench.jobs.sources.fio_compat import FOREIGN
from laiobench.words import suggest

SCHEMA_VERSION = 1

_TOP_LEVEL = ("schema", "description", "global", "job")


def load(path: Path) -> Source:
    """Read a profile file.

    Raises:
        UsageError: it can't be read, is not TOML, or has wrong keys; all faults are told.
    """
    return parse(read_text(path), str(path))


def parse(text: str, origin: str) -> Source:
    """Parse a profile's text; errors name it `origin`."""
    document = parse_toml(text, origin)
    problems = [
        UsageError(f"{origin}: there is no key {key}{suggest(key, _TOP_LEVEL)}")
        for key in document
        if key not in _TOP_LEVEL
    ]
    problems += _wrong_types(document, origin)
    raise_all(problems)
    lines = _Lines(text, origin)
    common = _settings(document.get("global", {}), "global", lines)
    drafts = [
        Draft(name, over(common, _settings(table, f"job.{name}", lines)))
        for name, table in document["job"].items()
    ]
    raise_all(
        list(
            {
                setting.origin: unknown_option(name, setting.origin)
                for draft in drafts
                for name, setting in draft.settings.items()
                if name not in option_names() and name not in FOREIGN
            }.values()
        )
    )
    return Source(origin, document.get("description", ""), tuple(drafts))


def _wrong_types(document: dict[str, Any], origin: str) -> list[UsageError]:
    problems = []
    if document.get("schema", SCHEMA_VERSION) != SCHEMA_VERSION:
        problems.append(UsageError(f"{origin}: schema must be {SCHEMA_VERSION}"))
    if not isinstance(document.get("description", ""), str):
        problems.append(UsageError(f"{origin}: description must be text"))
    if not isinstance(document.get("global", {}), dict):
        problems.append(UsageError(f"{origin}: [global] must be a table of options"))
    jobs = document.get("job")
    if not isinstance(jobs, dict) or not jobs:
        problems.append(UsageError(f"{origin}: no job; begin one with [job.NAME]"))
    elif not all(isinstance(table, dict) for table in jobs.values()):
        problems.append(UsageError(f"{origin}: each job must be a table, [job.NAME]"))
    return problems


class _Lines:
    """The line in which a key of a table stands; tomllib does not tell it."""

    def __init__(self, text: str, origin: str) -> None:
        self._origin = origin
        self._found: dict[tuple[str, str], int] = {}
        table = ""
        for number, line in enumerate(text.splitlines(), start=1):
            if line.lstrip().startswith("["):
                header = line.lstrip(" \t[").partition("]")[0]
                table = re.sub(r"[\"'\s]", "", header)
            elif key := re.match(r"\s*[\"']?([\w-]+)[\"']?\s*=", line):
                self._found.setdefault((table, key[1]), number)

    def origin(self, table: str, key: str) -> str:
        line = self._found.get((table.replace(" ", ""), key))
        return f"{self._origin}:{line}" if line else f"{self._origin}: [{table}]"


def _settings(table: dict[str, Any], name: str, lines: _Lines) -> dict[str, Setting]:
    settings: dict[str, Setting] = {}
    for key, value in table.items():
        put(settings, key.replace("-", "_"), Setting(value, lines.origin(name, key)))
    return settings

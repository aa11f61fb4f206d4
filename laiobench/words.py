"""Words that all parts share: near misses, printable text, names of directions.

Knows strings, and nothing of where they come from or go.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Protocol, TypeVar, cast


def suggest(name: str, known: Iterable[str]) -> str:
    """`; did you mean iodepth?`, or nothing."""
    bare = {option.lstrip("-"): option for option in known}
    close = difflib.get_close_matches(name.lstrip("-"), list(bare), n=1, cutoff=0.7)
    return f"; did you mean {bare[close[0]]}?" if close else ""


_T = TypeVar("_T")


def printable(value: _T) -> _T:
    """The same with all text in it, keys too, as UTF-8 can have it: names of files need not be.

    Args:
        value: text, or what JSON has, made of dicts, lists and tuples.
    """
    return cast(_T, _printable(value))


def _printable(value: object) -> object:
    if isinstance(value, str):
        return re.sub("[\ud800-\udfff]", "\ufffd", value)
    if isinstance(value, dict):
        return {_printable(key): _printable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_printable, value)) if type(value) in (list, tuple) else value
    return value


IO_DIRECTIONS = ("read", "write", "trim")
"""Those of I/Os: what counts as one, everywhere.  In the core: DIRECTION_IO_COUNT."""

DIRECTIONS = (*IO_DIRECTIONS, "sync")
"""All that have results of their own: a sync is told apart, and is no I/O."""


class _Counted(Protocol):
    @property
    def ios(self) -> int: ...


def ios_of(directions: Mapping[str, _Counted]) -> int:
    """How many I/Os were made in all, of what was counted by direction."""
    return sum(directions[name].ios for name in IO_DIRECTIONS if name in directions)

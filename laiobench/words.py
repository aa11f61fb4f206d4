"""Functions on text that all packages share: near misses, safe output, names of directions.

Knows strings, and nothing of where they come from or go to.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Protocol, TypeVar, cast


def suggest(name: str, known: Iterable[str]) -> str:
    """`; did you mean iodepth?`; empty if nothing known is close to `name`."""
    bare = {option.lstrip("-"): option for option in known}
    close = difflib.get_close_matches(name.lstrip("-"), list(bare), n=1, cutoff=0.7)
    return f"; did you mean {bare[close[0]]}?" if close else ""


_T = TypeVar("_T")


def printable(value: _T) -> _T:
    """The same value with text that UTF-8 can encode, keys too: names of files may be any bytes.

    Args:
        value: text, or a JSON value of dicts, lists and tuples.
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


# ---- output ----------------------------------------------------------------------

# Characters that move a cursor, change the order of letters or are invisible: controls (C0,
# DEL, C1), marks of direction, spaces without width, Unicode's own line ends, and tags.
_UNSEEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff"
)
_IN_TEXT = re.compile(f"[{_UNSEEN}]")
_IN_LINE = re.compile(f"[\t\n{_UNSEEN}]")
# What CI runners take for commands: a line that begins with `::`, and `##[error]` anywhere.
_BRACKETED = re.compile(r"##(?=\w*\[)")
_COMMAND = re.compile(r"^(\s*):(?=:)|#(?=#\w*\[)", re.MULTILINE)


def visible(text: str) -> str:
    r"""Text that is safe in a terminal or a log: an escape character becomes `\x1b`.

    Lines stay lines.  All text that comes from a file, a device or a user goes through this
    function before it is printed.
    """
    return _COMMAND.sub(r"\g<0>\\", _IN_TEXT.sub(_escape, text))


def one_line(text: str) -> str:
    """A name or a table's cell, safe as in `visible()`, and without line ends."""
    return _IN_LINE.sub(_escape, text)


def json_visible(text: str) -> str:
    """JSON text with unsafe characters as \\u escapes: they can only be inside its strings."""
    return _IN_TEXT.sub(_json_escape, _BRACKETED.sub(r"#\\u0023", text))


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:  # a byte that was not UTF-8 (surrogateescape)
        return f"\\x{number - 0xDC00:02x}"
    return repr(character)[1:-1]


def _json_escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", errors="surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


# ---- directions -------------------------------------------------------------------

IO_DIRECTIONS = ("read", "write", "trim")
"""The directions that count as I/Os, everywhere.  In the core: DIRECTION_IO_COUNT."""

DIRECTIONS = (*IO_DIRECTIONS, "sync")
"""All directions that have results of their own; a sync has, but is no I/O."""


class _Counted(Protocol):
    @property
    def ios(self) -> int: ...


def ios_of(directions: Mapping[str, _Counted]) -> int:
    """How many I/Os were made, of counts by direction."""
    return sum(directions[name].ios for name in IO_DIRECTIONS if name in directions)

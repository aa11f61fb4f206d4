"""Words that all parts share: near misses.

Knows strings, and nothing of where they come from or go.
"""

import difflib
from collections.abc import Iterable


def suggest(name: str, known: Iterable[str]) -> str:
    """`; did you mean iodepth?`, or nothing."""
    bare = {option.lstrip("-"): option for option in known}
    close = difflib.get_close_matches(name.lstrip("-"), list(bare), n=1, cutoff=0.7)
    return f"; did you mean {bare[close[0]]}?" if close else ""


def printable(text: str) -> str:
    """File names need not be UTF-8, but documents must."""
    return text.encode(errors="surrogateescape").decode(errors="replace")


DIRECTIONS = ("read", "write", "trim", "sync")

"""Colours of verdicts in tables, for a terminal that wants them.

Red is worse, and green better or as good.  What is undecided has a colour of its own: it is
no pass, and no regression.  Knows the words of verdicts, and where tables have them: in the
last column, and where a gate's answer begins.  Nothing else of a text is changed.
"""

import os
import re
import sys

_RED, _GREEN, _YELLOW, _MAGENTA = "31", "32", "33", "35"
_COLOURS = {
    _RED: ("regress", "worse", "failed"),
    _GREEN: ("improve", "pass", "better", "as good"),
    _YELLOW: ("inconclusive", "not measurable", "~", "(worse)", "(better)", "–"),
    _MAGENTA: ("mismatch", "?", "interrupted"),
}
_COLOUR_OF = {word: colour for colour, words in _COLOURS.items() for word in words}
_WORDS = "|".join(map(re.escape, sorted(_COLOUR_OF, key=len, reverse=True)))
_IN_LAST_COLUMN = re.compile(rf"(?<=  )({_WORDS})(?= *$)", re.MULTILINE)
_AS_ANSWER = re.compile(rf"^({_WORDS})(?= \(exit \d+\))", re.MULTILINE)


def are_wanted() -> bool:
    """Whether standard output is a terminal, and NO_COLOR is not set."""
    return (
        sys.stdout.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM", "dumb") != "dumb"
    )


def coloured(text: str) -> str:
    """A text that is safe to print, with its verdicts in colour."""
    return _AS_ANSWER.sub(_painted, _IN_LAST_COLUMN.sub(_painted, text))


def _painted(found: re.Match[str]) -> str:
    return f"\x1b[{_COLOUR_OF[found[0]]}m{found[0]}\x1b[0m"

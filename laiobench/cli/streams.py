"""Standard output and error, so that what is written there comes out whole.

Python's own streams lose what a write() did not take: without buffers (PYTHONUNBUFFERED)
a short write passes for a whole one, and a pipe that does not block (O_NONBLOCK) fails.
Here a stream writes until all is out, or fails: standard output once, with a StdoutError,
after which it takes everything and forgets it; standard error never, since there is
nobody left to tell.

What a terminal's encoding has not is substituted.  Knows nothing of what is said.
"""

import codecs
import io
import os
import select
import sys
from collections.abc import Callable

# What tables and sentences are made of, for terminals that know only their own letters.
_SUBSTITUTES = str.maketrans({
    "µ": "u", "μ": "u", "σ": "s", "×": "x", "–": "-", "—": "-", "−": "-", "±": "+-", "…": "...",
    "→": "->", "←": "<-", "↑": "^", "↓": "v", "≤": "<=", "≥": ">=", "≈": "~", "·": ".", "•": "*",
    "‘": "'", "’": "'", "“": '"', "”": '"', "´": "'", "§": "S.", "│": "|", "┃": "|", "─": "-",
    "━": "-", "┼": "+", "├": "+", "┤": "+", "└": "+", "┘": "+", "┌": "+", "┐": "+", "\u00a0": " ",
    "\u2009": " ", "\u202f": " ", "²": "2", "³": "3", "⁵": "5", "°": "deg", "α": "alpha", "π": "pi",
    "∞": "inf", "●": "o",
})  # fmt: skip
_ERRORS = "laiobench.substitute"


class StdoutError(OSError):
    """Standard output cannot be written to."""


class Whole(io.RawIOBase):
    """A descriptor to which each write is whole.

    Args:
        fd: which.
        fail: is given what went wrong; what it raises, the writer gets.
    """

    def __init__(self, fd: int, fail: Callable[[OSError], None]) -> None:
        self._fd = fd
        self._fail = fail
        self.failure: OSError | None = None
        self._is_over = False

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._fd

    def isatty(self) -> bool:
        return os.isatty(self._fd)

    def write(self, data: object, /) -> int:
        rest = memoryview(data).cast("B")  # type: ignore[arg-type]
        size = len(rest)
        # Cleared only at the end: after an interruption nobody knows what is out, and
        # whoever flushes would write it twice.
        was_over, self._is_over = self._is_over, True
        if was_over:
            return size
        while rest:
            try:
                rest = rest[os.write(self._fd, rest) :]
            except BlockingIOError:
                select.select([], [self._fd], [])
            except OSError as error:
                self.failure = error
                self._fail(error)
                break
        self._is_over = False
        return size


def open_standard_streams() -> Whole:
    """Replace Python's streams; what is returned knows whether standard output has failed.

    Nobody listens on a stream that was closed; but its number must not become a target's.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))
    codecs.register_error(_ERRORS, _substitute)
    out = Whole(1, _raise)
    sys.stdout = _text(out, sys.stdout.encoding)
    sys.stderr = _text(Whole(2, lambda _: None), sys.stderr.encoding)
    return out


def write_document(text: str) -> None:
    """To standard output what programs read: in UTF-8, as it would be in a file."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode(errors="backslashreplace"))
    sys.stdout.buffer.flush()


def _text(raw: Whole, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=encoding,
        errors=_ERRORS,
        line_buffering=raw.isatty(),
    )


def _raise(error: OSError) -> None:
    raise StdoutError(error.errno, error.strerror) from None


def _substitute(error: UnicodeError) -> tuple[str | bytes, int]:
    """For what an encoding has not: something alike that any has, or a question mark."""
    assert isinstance(error, UnicodeEncodeError)
    text = error.object[error.start : error.end].translate(_SUBSTITUTES)
    return "".join(c if c.isascii() else "?" for c in text), error.end

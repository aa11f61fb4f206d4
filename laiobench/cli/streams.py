"""Standard output and error that write everything, or fail.

Python's own streams lose the rest of a short write: unbuffered ones (PYTHONUNBUFFERED) take
it for a whole one, and a non-blocking pipe (O_NONBLOCK) makes them fail.  The streams here
write until all is out.  Standard output fails once, with a StdoutError, and then discards
what is written; standard error never fails, since nobody could be told.

Characters that the terminal's encoding lacks are replaced.  Knows nothing of the text.
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
    """A raw stream in which each write is written whole.

    Args:
        fd: its descriptor.
        fail: is called with an error; the writer gets what it raises.
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
        # Cleared only at the end: after an interruption it is not known how much was written, and
        # a flush would write it twice.
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
    """Write text for programs to standard output: in UTF-8, as in a file."""
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
    """Replace what an encoding lacks: by something similar in ASCII, or a question mark."""
    assert isinstance(error, UnicodeEncodeError)
    text = error.object[error.start : error.end].translate(_SUBSTITUTES)
    return "".join(c if c.isascii() else "?" for c in text), error.end

"""Reading the text of a job file: bounded, and never from what would block or never end."""

import os
import sys
from pathlib import Path

from laiobench.errors import UsageError
from laiobench.files import regular

STDIN = "-"
MOST_BYTES = 1 << 20


def read_text(path: Path) -> str:
    """The text of a file that the user named; a pipe will do.

    Raises:
        UsageError: it can't be read, or is too large for a job file.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    return _text(data, str(path))


def read_stdin() -> str:
    """The text of standard input, which must not be a terminal that nobody types into.

    Raises:
        UsageError: it is too large for a job file.
    """
    return _text(sys.stdin.buffer.read(MOST_BYTES + 1), "standard input")


def read_regular(path: Path) -> str:
    """The text of a file that a job file names: no device, pipe or the like.

    Raises:
        UsageError: it is none, can't be read, or is too large.
    """
    return _text(regular.read_regular(path, MOST_BYTES, "job file"), str(path))


def _text(data: bytes, name: str) -> str:
    """Names of files may be any bytes, so all are kept (os.fsdecode)."""
    if len(data) > MOST_BYTES:
        raise UsageError(f"{name} is larger than {MOST_BYTES >> 20} MiB: it is no job file")
    if b"\0" in data:
        raise UsageError(f"{name} is no text")
    return os.fsdecode(data).removeprefix("\ufeff")

"""Reading the text of a job file: of limited size, and never from a file that may block."""

import os
import sys
from pathlib import Path

from laiobench.errors import UsageError
from laiobench.files import regular

STDIN = "-"
MOST_BYTES = 1 << 20


def read_text(path: Path) -> str:
    """The text of a file that the user named; it may be a pipe.

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
    """The text of standard input, as a job file.

    Raises:
        UsageError: it is too large for a job file.
    """
    return _text(sys.stdin.buffer.read(MOST_BYTES + 1), "standard input")


def read_regular(path: Path) -> str:
    """The text of a file that a job file names: it must be a regular one.

    Raises:
        UsageError: it is not, can't be read, or is too large.
    """
    return _text(regular.read_regular(path, MOST_BYTES, "job file"), str(path))


def _text(data: bytes, name: str) -> str:
    """Decode as file names are (os.fsdecode): a job file may name files of any bytes."""
    if len(data) > MOST_BYTES:
        raise UsageError(f"{name} is larger than {MOST_BYTES >> 20} MiB: it is no job file")
    if b"\0" in data:
        raise UsageError(f"{name} is no text: it is no job file")
    return os.fsdecode(data).removeprefix("\ufeff")

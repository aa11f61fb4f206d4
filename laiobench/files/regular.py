"""Reading files that others wrote: regular ones only, and up to a size.

A pipe would block for ever, a device may never end, and a file of gigabytes is no
document.  Knows nothing of the content, but that no number has more than 64 bits.
"""

import json
import os
import stat
from pathlib import Path

from laiobench.errors import UsageError
from laiobench.units import format_size

MOST_DOCUMENT_BYTES = 256 << 20
"""A comparison of hundreds of trials has some tens of MiB; reading takes several times as much."""

_DIGITS_TO_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_NUMBER_END = 1 << 64


def open_regular(path: Path) -> int:
    """Open a regular file for reading.

    Raises:
        UsageError: it is not regular, or can't be opened.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError as error:  # a name with a NUL
        raise UsageError(f"{path} cannot be read: {error}") from None
    except OSError as error:
        raise _unreadable(path, error) from None
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return fd
    os.close(fd)
    raise UsageError(f"{path} cannot be read: it is no regular file")


def read_regular(path: Path, most_bytes: int, what: str) -> bytes:
    """The bytes of a regular file.

    Args:
        path: the file.
        most_bytes: its largest allowed size.
        what: what the file should be, for the message: `job file`.

    Raises:
        UsageError: it is not regular, is too large, or can't be read.
    """
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            is_too_large = os.fstat(file.fileno()).st_size > most_bytes
            data = b"" if is_too_large else file.read(most_bytes + 1)
    except OSError as error:
        raise _unreadable(path, error) from None
    if is_too_large or len(data) > most_bytes:
        raise UsageError(f"{path} is larger than {format_size(most_bytes)}: it is no {what}")
    return data


def read_document(path: Path) -> bytes:
    """The bytes of a stored document, which should be JSON.

    Raises:
        UsageError: as `read_regular`; or a number in it is too long.
    """
    text = read_regular(path, MOST_DOCUMENT_BYTES, "result of laiobench")
    # A search of a regular expression takes longer than all else that is done to a document.
    if b"0" * 20 in text.translate(_DIGITS_TO_ZEROS):  # perhaps inside a string only
        _check_numbers(path, text)
    return text


def _check_numbers(path: Path, text: bytes) -> None:
    try:
        json.loads(text, parse_int=_bounded)
    except _TooLong:
        raise UsageError(f"{path} is not a result of laiobench: a number is too long") from None
    except (ValueError, RecursionError):
        return  # not JSON: the caller finds that out


class _TooLong(Exception):
    pass


def _bounded(digits: str) -> int:
    if len(digits) > 21 or abs(int(digits)) >= _NUMBER_END:
        raise _TooLong
    return int(digits)


def _unreadable(path: Path, error: OSError) -> UsageError:
    return UsageError(f"{path} cannot be read: {error.strerror}")

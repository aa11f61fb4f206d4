"""Files that laiobench makes where a job names one that is not there, as fio does.

Such a file carries a mark with its inode and the time of its last change, so that it
can be written to again without a word, for as long as nobody else has changed,
copied or replaced it.
"""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from laiobench.errors import RunError, UsageError
from laiobench.measurement.targets import refusals
from laiobench.measurement.targets.filling import write_in_full
from laiobench.units import format_size

_MARK = "user.laiobench.made"


def make(
    path: str, size_bytes: int, *, tell: Callable[[str], None], stop: Callable[[], bool]
) -> None:
    """A file of that size, at a name that nothing has yet.

    Raises:
        RunError: it can't be there.
        Interrupted: `stop` said so; nothing is left behind.
    """
    check_is_one(path)
    folder = Path(os.path.realpath(path)).parent
    if not folder.is_dir():
        raise RunError(f"{path} cannot be made: {folder} is not there", "make it, or name another")
    if refusals.no_place_for(path):
        raise refusals.not_there(path)
    free = os.statvfs(folder)
    if free.f_bavail * free.f_frsize < size_bytes:
        raise RunError(
            f"{path} cannot be made: less than {format_size(size_bytes)} are free",
            "lower size, or name a file elsewhere",
        )
    tell(f"writing {path}, {format_size(size_bytes)}, to be kept and reused")
    try:
        write_in_full(Path(path), size_bytes, stop, mark)
    except OSError as error:
        raise RunError(f"{path} cannot be made: {error.strerror}", "name another file") from None


def check_is_one(path: str) -> None:
    """Several files, as fio's A:B names them, are no name to make one by.

    Raises:
        RunError: there is a colon in it.
    """
    if ":" in Path(path).name or (":" in path and not Path(path).parent.is_dir()):
        raise refusals.several_files(path)


def forbidden(path: str) -> UsageError:
    """A file would have to be made, and nothing may be."""
    return UsageError(
        f"{path} does not exist, and --readonly forbids to make it",
        "name a file that is there, or run once without --readonly",
    )


def mark(fd: int) -> None:
    """As it is now, the open file is as we left it."""
    with contextlib.suppress(OSError):  # not every file system keeps marks
        os.setxattr(fd, _MARK, _state(os.fstat(fd)))


def is_as_we_left_it(path: str | os.PathLike[str]) -> bool:
    """Whether it was made here, and nobody else has changed it since."""
    try:
        return os.getxattr(path, _MARK) == _state(Path(path).stat())
    except OSError:
        return False


def _state(status: os.stat_result) -> bytes:
    return f"{status.st_ino} {status.st_mtime_ns}".encode()

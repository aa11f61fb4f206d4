"""Output files that a user names: whether one can be written, and writing it.

A regular file is replaced as a whole, or left as it was.  A pipe or a terminal is written
into.  Anything else is refused, block devices above all: --allow-write is for targets
only.  Knows nothing of what is written.
"""

import contextlib
import errno
import fcntl
import os
import stat
import struct
from pathlib import Path

from laiobench.errors import UsageError
from laiobench.files import partial
from laiobench.files.partial import Partial
from laiobench.system.mounts import is_mount_point

# Character devices that may be written into: null, zero, full; and by major number, terminals.
_BOTTOMLESS = frozenset(os.makedev(1, minor) for minor in (3, 5, 7))
_TERMINALS = frozenset({4, 5, *range(136, 144)})

_GET_FLAGS = 0x80086601  # FS_IOC_GETFLAGS
_FLAGS = struct.Struct("i4x")
_UNCHANGEABLE = 0x10 | 0x20  # FS_IMMUTABLE_FL, FS_APPEND_FL


def check(path: Path) -> None:
    """Find out before a run whether `path` can be written after it; create its folder.

    Raises:
        UsageError: it is neither a regular file nor a stream.
        OSError: it can't be written.
    """
    if is_stream(path):
        if not os.access(path, os.W_OK):
            raise _denied(errno.EACCES, path)
        return
    real = path.resolve()
    check_folder(real.parent)
    if real.exists():
        check_replaceable(real)


def check_folder(folder: Path) -> None:
    """Find out whether files can be created and replaced in `folder`; create it if missing.

    Raises:
        OSError: they can't be.
    """
    folder.mkdir(parents=True, exist_ok=True)
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try_out(fd)
    finally:
        os.close(fd)


def try_out(folder: int) -> None:
    """`check_folder()` for a folder that is open.

    Raises:
        OSError: they can't be.
    """
    if _is_unchangeable(folder):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))
    partial.remove_left_over(folder)
    with Partial(folder) as file:
        file.try_out()


def is_stream(path: Path) -> bool:
    """Whether `path` is written into; if not, it is missing or regular, and gets replaced.

    Raises:
        UsageError: it is a folder, a device or the like.
        OSError: it can't be looked at.
    """
    try:
        return _is_stream(path, path.stat())
    except FileNotFoundError:
        return False


def _is_stream(path: Path, status: os.stat_result) -> bool:
    mode = status.st_mode
    if stat.S_ISREG(mode):
        return False
    if stat.S_ISFIFO(mode):
        return True
    if stat.S_ISCHR(mode) and (
        status.st_rdev in _BOTTOMLESS or os.major(status.st_rdev) in _TERMINALS
    ):
        return True
    if stat.S_ISDIR(mode):
        raise UsageError(f"{path} is a folder", "name a file")
    kind = (
        "a block device"
        if stat.S_ISBLK(mode)
        else "a character device"
        if stat.S_ISCHR(mode)
        else "a socket"
    )
    raise UsageError(f"{path} is {kind}: results are never written onto one", "name a file")


def write(path: Path, text: str) -> None:
    """Write the file whole; it is on the medium before it has its name.  Links are followed.

    Raises:
        UsageError: `path` is neither a regular file nor a stream.
        OSError: it can't be written; the old file is unharmed.
    """
    if is_stream(path):
        _add_to(path, text, os.O_WRONLY)
    else:
        replace(path.resolve(), text).close()


def replace(path: Path, text: str) -> Partial:
    """Write a file that is known to be no stream or link; it stays open and locked."""
    file = Partial(path.parent)
    try:
        with os.fdopen(file.fd, "w", encoding="utf-8", closefd=False) as stream:
            stream.write(text)
        os.fsync(file.fd)
        file.replace(path.name)
    except BaseException:
        file.close()
        raise
    return file


def append(path: Path, text: str) -> None:
    """Write at the end of a file.

    Raises:
        UsageError: `path` is neither a regular file nor a stream.
        OSError: it can't be written.
    """
    made = 0 if is_stream(path) else os.O_CREAT
    _add_to(path, text, os.O_WRONLY | os.O_APPEND | made)


def _add_to(path: Path, text: str, flags: int) -> None:
    fd = os.open(path, flags | os.O_NOCTTY | os.O_CLOEXEC, 0o666)
    with os.fdopen(fd, "w", encoding="utf-8") as stream:
        _is_stream(path, os.fstat(fd))  # it may have been replaced since the check
        stream.write(text)


# ---- what can be replaced ---------------------------------------------------------------


def check_replaceable(path: Path) -> None:
    """Check that another file may take this one's place.

    Raises:
        OSError: it may not.
    """
    if is_mount_point(path):
        raise _denied(errno.EBUSY, path)
    if _is_unchangeable_file(path) or _is_kept_by_another(path):
        raise _denied(errno.EPERM, path)


def _is_unchangeable(fd: int) -> bool:
    """Whether chattr made it immutable or append-only; False where file systems lack that."""
    with contextlib.suppress(OSError):
        answer = fcntl.ioctl(fd, _GET_FLAGS, bytes(_FLAGS.size))
        return bool(_FLAGS.unpack(answer)[0] & _UNCHANGEABLE)
    return False


def _is_unchangeable_file(path: Path) -> bool:
    with contextlib.suppress(OSError):
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            return _is_unchangeable(fd)
        finally:
            os.close(fd)
    return False


def _is_kept_by_another(path: Path) -> bool:
    """Whether it is another user's, in a folder with the sticky bit, such as /tmp."""
    folder = path.parent.stat()
    owners = (path.stat().st_uid, folder.st_uid, 0)
    return bool(folder.st_mode & stat.S_ISVTX) and os.geteuid() not in (*owners[:2], 0)


def _denied(number: int, path: Path) -> OSError:
    return OSError(number, os.strerror(number), str(path))

"""Files that are named for what a run yields: may one be written, and how is it.

A regular file is replaced as a whole, or not at all.  A pipe or a terminal is written
into.  Anything else, block devices above all, is refused: what it holds is not ours to
replace, whatever a user has allowed for targets.  Knows nothing of what is written.
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

# Character devices that lose nothing (null, zero, full), and those that are terminals.
_BOTTOMLESS = frozenset(os.makedev(1, minor) for minor in (3, 5, 7))
_TERMINALS = frozenset({4, 5, *range(136, 144)})

_GET_FLAGS = 0x80086601  # FS_IOC_GETFLAGS
_FLAGS = struct.Struct("i4x")
_UNCHANGEABLE = 0x10 | 0x20  # FS_IMMUTABLE_FL, FS_APPEND_FL


def check(path: Path) -> None:
    """Find out before a run whether `path` can be written after it; its folder is made.

    Raises:
        UsageError: it is nothing to write into.
        OSError: it can't be written.
    """
    if is_stream(path):
        if not os.access(path, os.W_OK):
            raise _denied(errno.EACCES, path)
        return
    real = path.resolve()
    check_folder(real.parent)
    if real.exists():
        _check_replaceable(real)


def check_folder(folder: Path) -> None:
    """Find out whether files can be made and replaced in `folder`; it is made if need be.

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
    """The same of an open folder.

    Raises:
        OSError: they can't be.
    """
    if _is_unchangeable(folder):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))
    partial.remove_left_over(folder)
    with Partial(folder) as file:
        file.try_out()


def is_stream(path: Path) -> bool:
    """Whether it is there to be written into; what is not there, or regular, is replaced.

    Raises:
        UsageError: it is neither.
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
    raise UsageError(f"{path} is {kind}: nothing is ever saved onto that", "name a file")


def write(path: Path, text: str) -> None:
    """Write the file, whole and on the medium before it has its name; a link stays a link.

    Raises:
        UsageError: it is nothing to write into.
        OSError: it can't be written; what was there before is unharmed.
    """
    if is_stream(path):
        _add_to(path, text, os.O_WRONLY)
    else:
        replace(path.resolve(), text).close()


def replace(path: Path, text: str) -> Partial:
    """The same with what is known to be no stream or link; the file stays open, and held."""
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
    """Write at the end of what is there.

    Raises:
        UsageError: it is nothing to write into.
        OSError: it can't be written.
    """
    made = 0 if is_stream(path) else os.O_CREAT
    _add_to(path, text, os.O_WRONLY | os.O_APPEND | made)


def _add_to(path: Path, text: str, flags: int) -> None:
    fd = os.open(path, flags | os.O_NOCTTY | os.O_CLOEXEC, 0o666)
    with os.fdopen(fd, "w", encoding="utf-8") as stream:
        _is_stream(path, os.fstat(fd))  # it can have become another thing meanwhile
        stream.write(text)


# ---- what can be replaced ---------------------------------------------------------------


def _check_replaceable(path: Path) -> None:
    """What forbids to put another file in the place of this one.

    Raises:
        OSError: something does.
    """
    if is_mount_point(path):
        raise _denied(errno.EBUSY, path)
    if _is_unchangeable_file(path) or _is_kept_by_another(path):
        raise _denied(errno.EPERM, path)


def _is_unchangeable(fd: int) -> bool:
    """Whether chattr has made it so; where there is no such thing, it is not."""
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
    """In folders such as /tmp everybody may make files, and replace no others'."""
    folder = path.parent.stat()
    owners = (path.stat().st_uid, folder.st_uid, 0)
    return bool(folder.st_mode & stat.S_ISVTX) and os.geteuid() not in (*owners[:2], 0)


def _denied(number: int, path: Path) -> OSError:
    return OSError(number, os.strerror(number), str(path))

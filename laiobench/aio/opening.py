"""Opening the targets of coroutines: creating files, and claiming devices.

Knows what may be opened, and how; nothing of requests.  Errors are OSErrors with errno
and filename.
"""

import errno
import fcntl
import os
import stat
from pathlib import Path

from laiobench.files.partial import sync_folder


def create_file(path: str, size_bytes: int) -> None:
    """If the file is missing, create one of that size that survives a crash."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    except FileExistsError:
        return
    try:
        if size_bytes:
            os.posix_fallocate(fd, 0, size_bytes)
        os.fsync(fd)
        sync_folder(Path(path).parent)
    except BaseException as error:
        Path(path).unlink()
        if isinstance(error, OSError):
            error.filename = path
        raise
    finally:
        os.close(fd)


def open_file(path: str, *, writable: bool, direct: bool) -> int:
    """A descriptor; a block device that is opened for writing is claimed."""
    # O_NONBLOCK: opening a FIFO must not wait for a writer.
    flags = os.O_CLOEXEC | os.O_NONBLOCK | (os.O_RDWR if writable else os.O_RDONLY)
    if writable and _is_block_device(path):
        flags |= os.O_EXCL
    if direct:
        flags |= os.O_DIRECT
    try:
        fd = os.open(path, flags)
    except OSError as error:
        if direct and error.errno == errno.EINVAL:  # a directory gives EINVAL, too
            raise (_is_directory if Path(path).is_dir() else _no_direct_io)(path) from None
        raise
    try:
        _check_kind(path, os.fstat(fd).st_mode, claimed=bool(flags & os.O_EXCL), writable=writable)
        fcntl.fcntl(fd, fcntl.F_SETFL, flags & ~os.O_NONBLOCK)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _is_block_device(path: str) -> bool:
    try:
        return stat.S_ISBLK(Path(path).stat().st_mode)
    except OSError:
        return False


def _check_kind(path: str, mode: int, *, claimed: bool, writable: bool) -> None:
    if stat.S_ISDIR(mode):
        raise _is_directory(path)
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        raise OSError(errno.ESPIPE, "a pipe or socket has no offsets", path)
    if stat.S_ISBLK(mode) and writable and not claimed:
        raise OSError(errno.EBUSY, "it became a block device while it was opened", path)


def _is_directory(path: str) -> OSError:
    return IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)


def _no_direct_io(path: str) -> OSError:
    return OSError(errno.EINVAL, "no direct I/O (O_DIRECT) here: open it with direct=False", path)

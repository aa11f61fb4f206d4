"""Opening targets: may we read there, and may we write there?

A target is opened once, first, and everything is decided by that open file:
what a name meant before or means later does not matter.  Writing needs the
user's word for that very target, and nobody else using it.
"""

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from laiobench import native
from laiobench.errors import LaiobenchError, RunError, UsageError
from laiobench.job import Job
from laiobench.machine.mounts import mount_points


@dataclass(frozen=True)
class OpenTarget:
    """An open file or device, and what it allows."""

    path: str
    """With all links resolved."""
    fd: int
    limits: native.TargetLimits


class Targets:
    """All targets of a run, each opened once for those who use it in the same way.

    A block device that is written to is claimed first, with O_EXCL: the kernel
    refuses that for a device that it uses itself, and from then on nothing
    else can begin to.  What is opened for use is that same claimed device.
    """

    def __init__(self, allow_write: Sequence[str | os.PathLike[str]] = ()) -> None:
        self._writable = frozenset(os.path.realpath(path) for path in allow_write)
        self._open: dict[tuple[str, bool, bool], OpenTarget] = {}
        self._claims: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        for fd in [target.fd for target in self._open.values()] + list(self._claims.values()):
            with contextlib.suppress(OSError):  # a file system that has died; the I/Os said so
                os.close(fd)
        self.abandon()

    def abandon(self) -> None:
        """Leave everything open, for I/Os that are still in flight."""
        self._open.clear()
        self._claims.clear()

    def open(self, path: str, job: Job, *, is_ours: bool = False) -> OpenTarget:
        """The target at `path`, as `job` needs it; `is_ours`: it may be written to.

        Raises:
            UsageError: it may not be written to, or is nothing to measure.
            RunError: it can't be opened.
        """
        real = os.path.realpath(path)
        if job.writes and real not in self._writable and not is_ours:
            raise _not_allowed(path, real, job)
        key = (real, job.writes, job.direct)
        if key not in self._open:
            self._open[key] = self._open_as(path, real, job)
        return self._open[key]

    def _open_as(self, path: str, real: str, job: Job) -> OpenTarget:
        opened = real
        if job.writes and _is_block_device(real):
            if real not in self._claims:
                self._claims[real] = _claim(path, real, job)
            opened = f"/proc/self/fd/{self._claims[real]}"
        return _open(path, real, opened, job)


# ---- opening ----------------------------------------------------------------------


def _is_block_device(path: str) -> bool:
    try:
        return stat.S_ISBLK(Path(path).stat().st_mode)
    except OSError:
        return False


def _claim(path: str, real: str, job: Job) -> int:
    """Take hold of a block device, so that neither the kernel nor another uses it."""
    try:
        fd = os.open(real, os.O_RDWR | os.O_EXCL | os.O_CLOEXEC)
    except OSError as error:
        raise _cannot_open(path, real, job, error) from None
    try:
        status = os.fstat(fd)
        if stat.S_ISBLK(status.st_mode):
            _refuse_if_mounted(path, status.st_rdev)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _open(path: str, real: str, opened: str, job: Job) -> OpenTarget:
    # O_NONBLOCK: a FIFO must not keep us waiting for a writer.
    flags = os.O_CLOEXEC | os.O_NONBLOCK | (os.O_DIRECT if job.direct else 0)
    flags |= os.O_RDWR if job.writes else os.O_RDONLY
    try:
        fd = os.open(opened, flags)
    except OSError as error:
        raise _cannot_open(path, real, job, error) from None
    try:
        if stat.S_ISBLK(os.fstat(fd).st_mode) and job.writes and opened == real:
            raise RunError(f"{path} became a block device while it was opened", "try again")
        _set_flags(fd, flags & ~os.O_NONBLOCK)
        return OpenTarget(real, fd, _check_open(path, fd, job))
    except BaseException:
        os.close(fd)
        raise


def _set_flags(fd: int, flags: int) -> None:
    """These flags, and no access times where we may do without: each read would look at them."""
    try:
        fcntl.fcntl(fd, fcntl.F_SETFL, flags | os.O_NOATIME)
    except PermissionError:  # it is another user's
        fcntl.fcntl(fd, fcntl.F_SETFL, flags)


def _check_open(path: str, fd: int, job: Job) -> native.TargetLimits:
    """What the open file allows; an error if it is nothing to measure."""
    mode = os.fstat(fd).st_mode
    if stat.S_ISDIR(mode):
        raise _is_directory(path)
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        raise UsageError(f"{path} is a pipe or socket", "name a file or a block device")
    limits = native.probe_target(fd)
    if job.direct and limits.request_align == 0:
        raise _no_direct_io(path)
    return limits


def _refuse_if_mounted(path: str, device: int) -> None:
    for place in mount_points(device):
        raise _in_use(path, f"it is mounted at {place}")


# ---- what is said ------------------------------------------------------------------


def _not_allowed(path: str, real: str, job: Job) -> LaiobenchError:
    link = f" (which is {real})" if real != str(Path.cwd() / path) else ""
    return UsageError(
        f"job {job.name} would overwrite {path}{link}: rw={job.rw} was not allowed to",
        f"if its data may be lost, add --allow-write={real}",
    )


def _in_use(path: str, how: str) -> LaiobenchError:
    return UsageError(
        f"{path} will not be written to: {how}",
        "unmount or detach it first; nothing overrides this",
    )


def _is_directory(path: str) -> LaiobenchError:
    return UsageError(f"{path} is a directory", "name a file in it, or a block device")


def _no_direct_io(path: str) -> LaiobenchError:
    return RunError(
        f"{path} does not support direct I/O (O_DIRECT)",
        "use a file on another file system, or go through the page cache with --direct=0",
    )


def _cannot_open(path: str, real: str, job: Job, error: OSError) -> LaiobenchError:
    match error.errno:
        case errno.ENOENT:
            return RunError(
                f"{path} does not exist",
                "check the name, or leave --filename out to use laiobench's own scratch file",
            )
        case errno.EISDIR:
            return _is_directory(path)
        case errno.EACCES | errno.EPERM:
            verb = "write to" if job.writes else "read"
            return RunError(
                f"no permission to {verb} {path}",
                "run as a user who may, or as root for a block device",
            )
        case errno.EROFS:
            return RunError(f"{path} is on a read-only file system, and rw={job.rw} writes")
        case errno.EBUSY:
            places = mount_points(Path(real).stat().st_rdev)
            how = f"it is mounted at {places[0]}" if places else "the kernel is using it (EBUSY)"
            return _in_use(path, how)
        case errno.EINVAL if job.direct:  # what O_DIRECT of a directory says, too
            return _is_directory(path) if Path(real).is_dir() else _no_direct_io(path)
        case _:
            return RunError(f"{path} cannot be opened: {error.strerror}")

"""The targets of a run: pinned, judged, claimed and opened, in that order.

A pin (O_PATH) holds the file or device that a name leads to, without opening it, so all
checks are about the same thing.  A block device that is to be written to is then claimed
with O_EXCL: the kernel refuses that if it uses the device itself, and as long as we hold
it, nobody else can begin to.  What is opened for use is the pinned or claimed file, by way
of /proc/self/fd, so no name is looked up again.
"""

import contextlib
import fcntl
import os
import stat
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from laiobench import native
from laiobench.jobs.options import Job
from laiobench.measurement.targets import created_files, refusals
from laiobench.measurement.targets.filling import FillHooks
from laiobench.measurement.targets.open_watch import OpenWatch
from laiobench.measurement.targets.permission import Permission, identity
from laiobench.measurement.targets.question import FoundSignatures, question, signatures_on
from laiobench.system.allocation import UNKNOWN, Allocation, allocation_of
from laiobench.system.devices import disk_name, is_set_readonly
from laiobench.system.kernel import LIVE
from laiobench.system.mounts import kernel_file_system_of
from laiobench.system.openers import is_flocked
from laiobench.system.usage import openers_of_file, uses_of_device, uses_of_file

# Character devices that may be written to: null, zero, full.
_BOTTOMLESS = frozenset(os.makedev(1, minor) for minor in (3, 5, 7))
_LOCK = struct.Struct("hhqqi4x")
_F_OFD_GETLK = 36  # a constant of the kernel's that Python names only where libc does


_SYNC_FLAGS = {"none": 0, "sync": os.O_SYNC, "dsync": os.O_DSYNC}


@dataclass(frozen=True)
class OpenTarget:
    """An open file or device, and what it supports."""

    path: str
    """Its path, with all links resolved."""
    fd: int
    limits: native.TargetLimits
    links: int = 1
    """The number of hard links to a file."""
    allocation: Allocation = UNKNOWN
    """Which parts were stored when it was opened."""

    @property
    def is_imagined(self) -> bool:
        """Whether it is not open, but only assumed by a dry run."""
        return self.fd < 0

    @property
    def identity(self) -> tuple[object, ...]:
        """Equal for the same file or device, by whatever name."""
        return (self.path,) if self.is_imagined else identity(os.fstat(self.fd))

    @property
    def disk(self) -> str:
        """The name of the disk that it is on, or is, such as nvme0n1; empty if not known."""
        return "" if self.is_imagined else disk_name(self.fd)


@dataclass(frozen=True)
class Pin:
    """What a path led to when it was looked up; `again` is a path that leads nowhere else."""

    path: str
    real: str
    fd: int
    status: os.stat_result

    @property
    def again(self) -> str:
        return f"/proc/self/fd/{self.fd}"

    @property
    def is_block_device(self) -> bool:
        return stat.S_ISBLK(self.status.st_mode)


@dataclass(frozen=True)
class _CreatedFile:
    """A file that laiobench made and writes to: pinned, and watched for other openers."""

    path: str
    fd: int
    watch: OpenWatch

    def close(self) -> None:
        self.watch.close()
        os.close(self.fd)


class Targets:
    """All targets of a run; those used in the same way share one open file."""

    def __init__(
        self,
        permission: Permission | Sequence[str | os.PathLike[str]] = (),
        hooks: FillHooks | None = None,
    ) -> None:
        """`hooks`: for writing files that are missing, which takes time."""
        if not isinstance(permission, Permission):
            permission = Permission(tuple(permission))
        self._permission = permission
        self._open: dict[tuple[object, ...], OpenTarget] = {}
        self._claims: dict[tuple[int, ...], int] = {}
        self._granted: set[tuple[int, ...]] = set()
        self._ours: dict[tuple[int, ...], _CreatedFile] = {}
        self._hooks = hooks or FillHooks()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        with contextlib.ExitStack() as closing:
            for file in self._ours.values():
                closing.enter_context(file.watch.we_close())
            for fd in [target.fd for target in self._open.values()] + list(self._claims.values()):
                with contextlib.suppress(OSError):  # the I/Os have reported why
                    os.close(fd)
        for file in self._ours.values():
            with contextlib.suppress(OSError):
                created_files.remember(file.path, file.fd, file.watch)
            file.close()
        self.abandon()

    @property
    def are_readonly(self) -> bool:
        """Whether nothing may be changed at all."""
        return self._permission.readonly

    def abandon(self) -> None:
        """Leave all files open, for I/Os that are still in flight."""
        self._open.clear()
        self._ours.clear()
        self._claims.clear()

    def make(self, path: str, size_bytes: int) -> None:
        """Create the file, if it is missing.

        Raises:
            UsageError: no file may be created.
            RunError: it can't be created.
        """
        if not os.path.lexists(path):
            self.check_can_make(path, size_bytes)
            created_files.make(path, size_bytes, self._hooks)

    def check_can_make(self, path: str, size_bytes: int) -> None:
        """Check that a missing file can be created.

        Raises:
            UsageError: no file may be created.
            RunError: it can't be.
        """
        if self.are_readonly:
            raise created_files.forbidden(path)
        created_files.check_can_be(path, size_bytes)

    def open(self, path: str, job: Job, *, is_ours: bool = False) -> OpenTarget:
        """Open the target at `path` as `job` needs it; `is_ours`: laiobench made it.

        Raises:
            UsageError: it may not be written to, or is not a kind of file that can be measured.
            RunError: it can't be opened.
        """
        pin = _pin(path, job, may_be_made=not self.are_readonly)
        try:
            which = identity(pin.status)
            was_made_here = self._is_ours(pin, which, job)
            if job.writes and which not in self._granted:
                self._judge(pin, job, is_scratch=is_ours, was_made_here=was_made_here)
                self._granted.add(which)
            key = (which, *ways_to_open(job))
            if key not in self._open:
                claim = self._claims.get(which) if job.writes else None
                opened = pin.again if claim is None else f"/proc/self/fd/{claim}"
                ours = self._ours.get(which)
                with ours.watch.we_open() if ours else contextlib.nullcontext():
                    self._open[key] = open_pinned(pin, opened, job)
            return self._open[key]
        finally:
            os.close(pin.fd)

    def _is_ours(self, pin: Pin, which: tuple[int, ...], job: Job) -> bool:
        """Whether laiobench made the file, and nobody else has changed it since.

        If it is to be written to, it is watched from now on for others that open it.
        """
        if which in self._ours:
            return True
        if not job.writes or not created_files.is_as_we_left_it(pin.real, pin.status):
            return False
        ours = _CreatedFile(pin.real, os.dup(pin.fd), OpenWatch(pin.again))
        if not created_files.is_as_we_left_it(pin.real, os.fstat(pin.fd)):
            ours.close()
            return False
        self._ours[which] = ours
        return True

    # ---- may it be written to? ------------------------------------------------------

    def _judge(self, pin: Pin, job: Job, *, is_scratch: bool, was_made_here: bool) -> None:
        """Raise what forbids writing, unconditional refusals first; then claim a block device."""
        if self._permission.readonly:
            raise refusals.readonly(pin.path, job)
        _refuse_what_is_no_storage(pin)
        if stat.S_ISREG(pin.status.st_mode) and (uses := uses_of_file(pin.status)):
            raise refusals.in_use(pin.path, uses)
        is_own = _is_own_file(pin.status)
        if is_scratch and is_own:  # several runs may share the scratch file: its data is worthless
            return
        if stat.S_ISREG(pin.status.st_mode) and (uses := openers_of_file(pin.status)):
            raise refusals.in_use(pin.path, uses)
        if was_made_here and is_own:
            return
        is_named = self._permission.names(pin.status)
        if not is_named and not self._permission.ask:
            raise refusals.not_allowed(pin.path, pin.real, job)
        if not pin.is_block_device:
            self._ask(pin, job, FoundSignatures(), may_be_asked=not is_named)
            return
        if is_set_readonly(pin.status.st_rdev):
            raise refusals.set_readonly(pin.path, job)
        claim = _claim(pin, job)
        try:
            contents = self._contents(pin, claim)
            self._ask(pin, job, contents, may_be_asked=True)
        except BaseException:
            os.close(claim)
            raise
        self._claims[identity(pin.status)] = claim

    def _contents(self, pin: Pin, claim: int) -> FoundSignatures:
        """What is on a claimed device, if that may be lost."""
        if uses := uses_of_device(os.fstat(claim).st_rdev):
            raise refusals.in_use(pin.path, uses)
        contents = signatures_on(claim)
        if not self._permission.force_signature:
            if contents.unknown:
                raise refusals.unknown_contents(pin.path, contents.unknown)
            if contents.signatures:
                raise refusals.signed(pin.path, str(contents))
        return contents

    def _ask(self, pin: Pin, job: Job, contents: FoundSignatures, *, may_be_asked: bool) -> None:
        ask = self._permission.ask
        if (
            ask
            and may_be_asked
            and not ask(question(pin.path, pin.real, pin.status, job, contents))
        ):
            raise refusals.declined(pin.path)


def _pin(path: str, job: Job, *, may_be_made: bool) -> Pin:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        raise refusals.not_there(path, may_be_made=may_be_made) from None
    except OSError as error:
        raise refusals.cannot_open(path, job, error, None) from None
    try:
        status = os.fstat(fd)
        if stat.S_ISDIR(status.st_mode):
            raise refusals.directory(path)
        if stat.S_ISFIFO(status.st_mode) or stat.S_ISSOCK(status.st_mode):
            raise refusals.pipe(path)
        return Pin(path, os.readlink(f"/proc/self/fd/{fd}"), fd, status)  # noqa: PTH115
    except BaseException:
        os.close(fd)
        raise


def _refuse_what_is_no_storage(pin: Pin) -> None:
    mode = pin.status.st_mode
    if stat.S_ISCHR(mode) and pin.status.st_rdev not in _BOTTOMLESS:
        raise refusals.character_device(pin.path)
    if stat.S_ISREG(mode):
        kind = kernel_file_system_of(pin.fd)
        if kind:
            raise refusals.kernel_file(pin.path, kind)


def _is_own_file(status: os.stat_result) -> bool:
    """Whether laiobench can have made it: a regular file of this user, with one name."""
    return stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid() and status.st_nlink == 1


def _claim(pin: Pin, job: Job) -> int:
    """Claim a block device, so that neither the kernel nor another program uses it."""
    try:
        return os.open(pin.again, os.O_RDWR | os.O_EXCL | os.O_CLOEXEC)
    except OSError as error:
        raise refusals.cannot_open(pin.path, job, error, pin.status) from None


# ---- opening ----------------------------------------------------------------------


def ways_to_open(job: Job) -> tuple[object, ...]:
    """Jobs with equal values of these can share one open target."""
    return job.writes, job.direct, job.sync, job.trims


def open_pinned(pin: Pin, opened: str, job: Job) -> OpenTarget:
    """Open what was pinned, by the path `opened`, as `job` needs it.

    Raises:
        UsageError, RunError: it can't be opened so.
        FileNotFoundError: there is no /proc.
    """
    flags = os.O_CLOEXEC | (os.O_DIRECT if job.direct else 0)
    flags |= (os.O_RDWR | _SYNC_FLAGS[job.sync]) if job.writes else os.O_RDONLY
    try:
        fd = os.open(opened, flags | os.O_NONBLOCK)
    except FileNotFoundError:  # what is pinned is there: it is /proc that is not
        raise
    except OSError as error:
        raise refusals.cannot_open(pin.path, job, error, pin.status) from None
    try:
        _set_flags(fd, flags)
        limits = native.probe_target(fd)
        if job.direct and limits.request_align == 0:
            raise refusals.no_direct_io(pin.path)
        if job.writes and (_is_locked(fd) or is_flocked(fd, LIVE)):
            raise refusals.locked(pin.path)
        if job.writes and job.trims and not native.can_trim(fd):
            raise refusals.no_trim(pin.path)
        return OpenTarget(pin.real, fd, limits, pin.status.st_nlink, allocation_of(fd))
    except BaseException:
        os.close(fd)
        raise


def _set_flags(fd: int, flags: int) -> None:
    """Set these flags and O_NOATIME, if permitted: else each read updates the access time."""
    try:
        fcntl.fcntl(fd, fcntl.F_SETFL, flags | os.O_NOATIME)
    except PermissionError:  # O_NOATIME is for the owner of the file
        fcntl.fcntl(fd, fcntl.F_SETFL, flags)


def _is_locked(fd: int) -> bool:
    """Whether another program holds a lock on any part of it."""
    wanted = _LOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    try:
        answer = fcntl.fcntl(fd, _F_OFD_GETLK, wanted)
    except OSError:  # the file system has no locks
        return False
    assert isinstance(answer, bytes)
    return bool(_LOCK.unpack(answer)[0] != fcntl.F_UNLCK)

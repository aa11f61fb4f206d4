"""Which processes have a file or device open for writing, or have locked it.

They are found in /proc by device and inode, so the name that they opened does not matter.
An ordinary user sees only processes of their own; root sees all.
"""

import ctypes
import fcntl
import os
import re
import stat
import struct
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from laiobench.system.kernel import Number, System, number_of, text
from laiobench.system.loops import Inode

# udev and others open a device for a moment, and lock it meanwhile: look several times.
_LOOKS, _BETWEEN_S = 10, 0.1


@dataclass(frozen=True)
class Opener:
    """A process that has one of several files or devices open; `what` is the one."""

    pid: int
    program: str
    what: Number | Inode
    has_locked: bool

    @property
    def does(self) -> str:
        return "locked" if self.has_locked else "open for writing"


def lasting_openers(
    system: System, devices: Collection[Number], files: Collection[Inode]
) -> list[Opener]:
    """Those that still have it open after the time for a passing look."""
    found: list[Opener] = []
    for look in range(_LOOKS):
        if look:
            time.sleep(_BETWEEN_S)
        found = list(openers(system, devices, files))
        if not found:
            break
    return found


def openers(
    system: System, devices: Collection[Number], files: Collection[Inode]
) -> Iterator[Opener]:
    """Other processes that write to any of these, or hold a lock on one; each once.

    Our ancestors are left out: `flock DEVICE laiobench run …` holds the lock for us.
    """
    ours = _ours(system)
    for process in system.proc.glob("[0-9]*"):
        if int(process.name) in ours:
            continue
        seen: dict[Number | Inode, bool] = {}
        for descriptor, what in _open_by(process, devices, files):
            told = text(process / "fdinfo" / descriptor)
            has_locked = "\nlock:" in told
            if has_locked or _can_write(told):
                seen[what] = seen.get(what, False) or has_locked
        if seen:
            program = text(process / "comm")
            for what, has_locked in seen.items():
                yield Opener(int(process.name), program, what, has_locked)


def _open_by(
    process: Path, devices: Collection[Number], files: Collection[Inode]
) -> Iterator[tuple[str, Number | Inode]]:
    folder = f"{process}/fd"  # plain strings: pathlib would take most of the time
    try:
        descriptors = os.listdir(folder)  # noqa: PTH208
    except OSError:  # the process ended, or is another user's
        return
    for descriptor in descriptors:
        found = _status(f"{folder}/{descriptor}")
        if found is None:
            continue
        mode, device, inode = found
        if stat.S_ISBLK(mode):
            if (number := number_of(device)) in devices:
                yield descriptor, number
        elif stat.S_ISREG(mode) and (device, inode) in files:
            yield descriptor, (device, inode)


def _can_write(told: str) -> bool:
    """By the open flags in fdinfo, which are octal."""
    flags = re.search(r"^flags:\s*([0-7]+)", told, re.MULTILINE)
    return flags is None or int(flags[1], 8) & os.O_ACCMODE != os.O_RDONLY


# ---- statx --------------------------------------------------------------------------

_AT_FDCWD, _AT_STATX_DONT_SYNC = -100, 0x4000
_TYPE_AND_INODE = 0x1 | 0x100
# Fields of struct statx: mode; inode; major and minor of the device it is, and of the one it is on.
_MODE, _INODE, _NUMBERS = struct.Struct("=28xH"), struct.Struct("=32xQ"), struct.Struct("=128x4I")
_statx = getattr(ctypes.CDLL(None), "statx", None)  # not every libc has it


def _status(path: str) -> tuple[int, int, int] | None:
    """Mode, device (that it is, or that it is on) and inode, from the kernel's cache.

    stat() would ask a dead file server, and wait for ever.
    """
    if _statx is None:
        return _asked(path)
    answer = ctypes.create_string_buffer(256)
    if _statx(_AT_FDCWD, os.fsencode(path), _AT_STATX_DONT_SYNC, _TYPE_AND_INODE, answer):
        return None
    (mode,), (inode,) = _MODE.unpack_from(answer), _INODE.unpack_from(answer)
    own_major, own_minor, major, minor = _NUMBERS.unpack_from(answer)
    is_device = stat.S_ISBLK(mode)
    number = (own_major, own_minor) if is_device else (major, minor)
    return mode, os.makedev(*number), inode


def _asked(path: str) -> tuple[int, int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    is_device = stat.S_ISBLK(status.st_mode)
    return status.st_mode, status.st_rdev if is_device else status.st_dev, status.st_ino


def is_flocked(fd: int, system: System) -> bool:
    """Whether another process has locked the file by flock(2), for longer than a moment."""
    for look in range(_LOOKS):
        if look:
            time.sleep(_BETWEEN_S)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        except OSError:  # the file system has no locks
            return False
        fcntl.flock(fd, fcntl.LOCK_UN)
        return False
    return not _is_locked_for_us(os.fstat(fd), system)


def _is_locked_for_us(status: os.stat_result, system: System) -> bool:
    devices = {number_of(status.st_rdev)} if stat.S_ISBLK(status.st_mode) else set()
    for pid in _ours(system):
        process = system.proc / str(pid)
        for descriptor, _ in _open_by(process, devices, {(status.st_dev, status.st_ino)}):
            if "\nlock:" in text(process / "fdinfo" / descriptor):
                return True
    return False


def _ours(system: System) -> set[int]:
    """This process and its ancestors, but not init, which is everybody's ancestor."""
    found, pid = set(), os.getpid()
    while pid > 1 and pid not in found:
        found.add(pid)
        _, _, after = text(system.proc / str(pid) / "stat").rpartition(")")
        fields = after.split()
        pid = int(fields[1]) if len(fields) > 1 else 0
    return found

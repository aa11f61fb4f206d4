"""Which file or device is behind each loop device, and which part of it.

The loop device itself is asked (LOOP_GET_STATUS64): it tells the inode.  A path only tells
what the file was called when the loop device was set up, in the namespace where that was.
Where the loop device can't be opened, as in a container or without permission, its path in
sysfs is believed if the file there has the right size.  Otherwise any file of that size
may be behind it, and the result says so.
"""

import fcntl
import os
import re
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from laiobench.system.kernel import Number, System, number, number_of, text

SECTOR = 512
MAJOR = 7
_GET_STATUS = 0x4C05
_STATUS = struct.Struct("QQQQQ192x")  # loop_info64, of which the first five fields are used
_DELETED = " (deleted)"

Inode = tuple[int, int]
"""A file's `st_dev` and `st_ino`."""


@dataclass(frozen=True)
class Loop:
    """A loop device that is set up, on `inode` or on `device`; without either: not known."""

    name: str
    number: Number
    path: str
    """The path of its file, as sysfs tells it."""
    size_bytes: int
    offset_bytes: int = 0
    is_limited: bool = False
    """Whether it ends, or may end, before its file does."""
    inode: Inode | None = None
    device: Number | None = None

    @property
    def is_known(self) -> bool:
        return self.inode is not None or self.device is not None

    def fits(self, size_bytes: int) -> bool:
        """Whether a file of this size can be behind it."""
        end = self.offset_bytes + self.size_bytes
        return size_bytes >= end and (self.is_limited or size_bytes - end < SECTOR)


def loops(system: System) -> list[Loop]:
    """All loop devices that are set up, by sysfs, /proc/partitions and nodes in /dev."""
    found = (_loop(name, system) for name in sorted(set(_names(system)), key=_by_number))
    return [loop for loop in found if loop is not None]


def loop_of(name: str, system: System) -> Loop | None:
    """The loop device of that name, if it is set up."""
    return _loop(name, system)


def _by_number(name: str) -> int:
    return int(name.removeprefix("loop"))


def _names(system: System) -> Iterator[str]:
    for folder in (system.sys / "block", system.dev):
        yield from (path.name for path in folder.glob("loop*") if _NAME.fullmatch(path.name))
    for line in text(system.proc / "partitions").splitlines():
        if len(fields := line.split()) == 4 and _NAME.fullmatch(fields[3]):
            yield fields[3]


_NAME = re.compile(r"loop\d+")


def _loop(name: str, system: System) -> Loop | None:
    folder = system.sys / "block" / name
    wanted = text(folder / "dev")
    node = system.dev / name
    try:
        fd = os.open(node, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return _by_path(name, folder, system)
    try:
        status = os.fstat(fd)
        if not stat.S_ISBLK(status.st_mode) or os.major(status.st_rdev) != MAJOR:
            return _by_path(name, folder, system)
        if wanted and wanted != number_of(status.st_rdev):  # the node of another device
            return _by_path(name, folder, system)
        size_bytes = os.lseek(fd, 0, os.SEEK_END)
        told = bytes(fcntl.ioctl(fd, _GET_STATUS, bytes(_STATUS.size)))
    except OSError:  # ENXIO: it is not set up
        return None if not _is_set_up(folder) else _by_path(name, folder, system)
    finally:
        os.close(fd)
    st_dev, st_ino, st_rdev, offset, limit = _STATUS.unpack(told)
    return Loop(
        name, number_of(status.st_rdev), _path(folder), size_bytes, offset, limit > 0,
        inode=None if st_rdev else (_decoded(st_dev), st_ino),
        device=number_of(_decoded(st_rdev)) if st_rdev else None,
    )  # fmt: skip


def _decoded(huge: int) -> int:
    """A device number in the kernel's 64-bit encoding, re-encoded as `st_dev` is."""
    return os.makedev((huge >> 8) & 0xFFF, (huge & 0xFF) | ((huge >> 12) & 0xFFFFFF00))


def _is_set_up(folder: Path) -> bool:
    return (folder / "loop").exists()


def _path(folder: Path) -> str:
    return text(folder / "loop/backing_file")


def _by_path(name: str, folder: Path, system: System) -> Loop | None:
    """The loop device by its path in sysfs, if the file there can be the right one."""
    if not _is_set_up(folder):
        return _unseen(name, folder, system)
    path = _path(folder)
    found = Loop(
        name,
        text(folder / "dev"),
        path,
        number(folder / "size") * SECTOR,
        number(folder / "loop/offset"),
        number(folder / "loop/sizelimit") > 0,
    )
    try:
        status = Path(path).stat()
    except (OSError, ValueError):  # a path of another namespace, or a deleted file
        return found
    if stat.S_ISBLK(status.st_mode):
        device = number_of(status.st_rdev)
        size_bytes = number(system.sys / "dev/block" / device / "size") * SECTOR
        return replace(found, device=device) if found.fits(size_bytes) else found
    if path.endswith(_DELETED) or not found.fits(status.st_size):
        return found
    return replace(found, inode=(status.st_dev, status.st_ino))


def _unseen(name: str, folder: Path, system: System) -> Loop | None:
    """One that neither its node nor sysfs tells of; since it has a size, it is set up."""
    if folder.exists():
        return None
    for line in text(system.proc / "partitions").splitlines():
        if len(fields := line.split()) == 4 and fields[3] == name and fields[0] == str(MAJOR):
            return Loop(name, f"{fields[0]}:{fields[1]}", "", int(fields[2]) * 1024)
    return None

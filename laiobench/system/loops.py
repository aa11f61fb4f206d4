"""Which file or device each loop device is made of, and which part of it.

The kernel is asked of the device itself, by LOOP_GET_STATUS64, which tells the
inode: a path is only what the file was called when it was set up, and where that
was.  Where the device can't be opened, as in a container or by a user who may not,
its path in sysfs is believed if what is there has the right size.  Else it may be
any file of that size, and says so.
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
_STATUS = struct.Struct("QQQQQ192x")  # loop_info64, of which the first five matter
_DELETED = " (deleted)"

Inode = tuple[int, int]
"""A file's `st_dev` and `st_ino`."""


@dataclass(frozen=True)
class Loop:
    """A loop device that is set up: of `inode`, or of `device`; of neither: nobody knows."""

    name: str
    number: Number
    path: str
    """What it is said to be made of."""
    size_bytes: int
    offset_bytes: int = 0
    is_limited: bool = False
    """It ends before its file does, or may."""
    inode: Inode | None = None
    device: Number | None = None

    @property
    def is_known(self) -> bool:
        return self.inode is not None or self.device is not None

    def fits(self, size_bytes: int) -> bool:
        """Whether what it is made of can be so large."""
        end = self.offset_bytes + self.size_bytes
        return size_bytes >= end and (self.is_limited or size_bytes - end < SECTOR)


def loops(system: System) -> list[Loop]:
    """All loop devices that are set up, by sysfs, /proc/partitions and their nodes."""
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
        if wanted and wanted != number_of(status.st_rdev):  # another's node
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
    """The kernel's wide encoding of a device's number, as `st_dev` is encoded here."""
    return os.makedev((huge >> 8) & 0xFFF, (huge & 0xFF) | ((huge >> 12) & 0xFFFFFF00))


def _is_set_up(folder: Path) -> bool:
    return (folder / "loop").exists()


def _path(folder: Path) -> str:
    return text(folder / "loop/backing_file")


def _by_path(name: str, folder: Path, system: System) -> Loop | None:
    """By what sysfs says, if that is to be believed."""
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
    except (OSError, ValueError):  # of another namespace, or deleted
        return found
    if stat.S_ISBLK(status.st_mode):
        device = number_of(status.st_rdev)
        size_bytes = number(system.sys / "dev/block" / device / "size") * SECTOR
        return replace(found, device=device) if found.fits(size_bytes) else found
    if path.endswith(_DELETED) or not found.fits(status.st_size):
        return found
    return replace(found, inode=(status.st_dev, status.st_ino))


def _unseen(name: str, folder: Path, system: System) -> Loop | None:
    """Neither its node nor sysfs tells of it; what has a size is set up."""
    if folder.exists():
        return None
    for line in text(system.proc / "partitions").splitlines():
        if len(fields := line.split()) == 4 and fields[3] == name and fields[0] == str(MAJOR):
            return Loop(name, f"{fields[0]}:{fields[1]}", "", int(fields[2]) * 1024)
    return None

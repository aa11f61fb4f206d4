"""Which parts of an open file or device are stored, so that reading them reads the device.

File systems answer reads of holes, and of blocks that were reserved and never written,
without the device; a RAM disk or a thin volume does so for blocks that it never allocated.
Each tells so in its own way, and some do not; what is not known is not reported.
"""

import fcntl
import os
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from laiobench.system import mapper
from laiobench.system.kernel import LIVE, System, number, number_of, text
from laiobench.system.loops import SECTOR, loop_of
from laiobench.system.mounts import memory_file_system_of

_FIEMAP = 0xC020660B  # _IOWR('f', 11, struct fiemap)
_HEAD = struct.Struct("=QQIIII")
_EXTENT = struct.Struct("=QQQ16xI12x")
_SYNC = 1
_LAST, _UNWRITTEN = 0x1, 0x800
_AT_ONCE = 512
# More gaps are not kept: all that follows counts as one.
_MOST_GAPS = 4096

HOLE, UNWRITTEN = "not allocated", "allocated, but were never written"


@dataclass(frozen=True)
class Gap:
    """Bytes from `start` to before `end` that are not stored."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True)
class Allocation:
    """What is known about it; without any field set, all seems to be stored."""

    memory: str = ""
    """The file system that keeps it in memory; empty if none does."""
    gaps: tuple[Gap, ...] = ()
    stored_bytes: int | None = None
    """How many bytes of the device `holder` are allocated; None: not known."""
    holder: str = ""

    def gaps_in(self, start: int, length: int) -> list[Gap]:
        """The gaps that have bytes in common with a region."""
        return [gap for gap in self.gaps if gap.start < start + length and start < gap.end]


UNKNOWN = Allocation()


def allocation_of(fd: int, system: System = LIVE) -> Allocation:
    """What is known about how an open file or device is stored."""
    status = os.fstat(fd)
    if stat.S_ISBLK(status.st_mode):
        return _of_device(status.st_rdev, system)
    if not stat.S_ISREG(status.st_mode):
        return UNKNOWN
    if memory := memory_file_system_of(fd):
        return Allocation(memory=memory)
    return Allocation(gaps=_gaps(fd, status))


# ---- files ------------------------------------------------------------------------------


def _gaps(fd: int, status: os.stat_result) -> tuple[Gap, ...]:
    try:
        found = _first_gaps(fd, status.st_size, flags=0)
        if found:  # data that waits in the page cache has no blocks yet
            found = _first_gaps(fd, status.st_size, flags=_SYNC)
        return found
    except OSError:  # the file system has no FIEMAP: compare its size with its blocks
        has_all = status.st_blocks * SECTOR >= status.st_size
        return () if has_all else (Gap(0, status.st_size, f"{HOLE}, or compressed"),)


def _first_gaps(fd: int, size_bytes: int, flags: int) -> tuple[Gap, ...]:
    found = tuple(islice(_each_gap(fd, size_bytes, flags), _MOST_GAPS))
    if len(found) == _MOST_GAPS:
        return (*found, Gap(found[-1].end, size_bytes, found[-1].kind))
    return found


def _each_gap(fd: int, size_bytes: int, flags: int) -> Iterator[Gap]:
    place = 0
    for start, end, is_unwritten in _extents(fd, size_bytes, flags):
        if place < start:
            yield Gap(place, min(start, size_bytes), HOLE)
        if is_unwritten:
            yield Gap(start, min(end, size_bytes), UNWRITTEN)
        place = max(place, end)
        if place >= size_bytes:
            return
    if place < size_bytes:
        yield Gap(place, size_bytes, HOLE)


def _extents(fd: int, size_bytes: int, flags: int) -> Iterator[tuple[int, int, bool]]:
    """A file's extents, by FIEMAP, in order."""
    place = 0
    while place < size_bytes:
        answer = bytearray(_HEAD.size + _AT_ONCE * _EXTENT.size)
        _HEAD.pack_into(answer, 0, place, size_bytes - place, flags, 0, _AT_ONCE, 0)
        fcntl.ioctl(fd, _FIEMAP, answer)
        count = _HEAD.unpack_from(answer)[3]
        if count == 0:
            return
        for index in range(count):
            extent = _EXTENT.unpack_from(answer, _HEAD.size + index * _EXTENT.size)
            start, length, extent_flags = extent[0], extent[2], extent[3]
            place = max(place, start + length)
            yield start, start + length, bool(extent_flags & _UNWRITTEN)
            if extent_flags & _LAST:
                return


# ---- devices ----------------------------------------------------------------------------


def _of_device(device: int, system: System) -> Allocation:
    folder = (system.sys / "dev/block" / number_of(device)).resolve()
    disk = folder.parent if (folder / "partition").exists() else folder
    name = disk.name
    if name.startswith("zram") and (told := text(disk / "mm_stat").split()):
        return Allocation(stored_bytes=int(told[0]), holder=name)
    if name.startswith("loop"):  # of a partition, `start` says where it begins
        return _of_loop(name, number(folder / "start") * SECTOR, system)
    if (
        name.startswith("dm-")
        and (sectors := mapper.mapped_sectors(text(disk / "dev"))) is not None
    ):
        return Allocation(stored_bytes=sectors * SECTOR, holder=f"the thin volume {name}")
    if (disk / "nuse").exists():
        blocks, block_bytes = number(disk / "nuse"), number(disk / "queue/logical_block_size")
        return Allocation(stored_bytes=blocks * block_bytes, holder=name)
    return UNKNOWN


def _of_loop(name: str, first_byte: int, system: System) -> Allocation:
    """That of the file behind a loop device from some byte on, if it is found by its name."""
    loop = loop_of(name, system)
    if loop is None or loop.inode is None:
        return UNKNOWN
    try:
        fd = os.open(loop.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError):
        return UNKNOWN
    try:
        status = os.fstat(fd)
        if (status.st_dev, status.st_ino) != loop.inode:
            return UNKNOWN
        found = allocation_of(fd, system)
        before = loop.offset_bytes + first_byte
        gaps = (Gap(gap.start - before, gap.end - before, gap.kind) for gap in found.gaps)
        return Allocation(found.memory, tuple(gaps), holder=str(Path(loop.path)))
    finally:
        os.close(fd)

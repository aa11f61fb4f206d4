"""What device-mapper volumes consist of, sector by sector, by their tables.

The kernel is asked by DM_TABLE_STATUS, which needs CAP_SYS_ADMIN; sysfs only has the
names of the devices below.  Only what a volume writes to counts: a snapshot's origin
does not.
"""

import contextlib
import fcntl
import os
import re
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from laiobench.system.kernel import Number

CONTROL = Path("/dev/mapper/control")
_TABLE_STATUS = 0xC138FD0C  # _IOWR(0xfd, 12, struct dm_ioctl)
_HEAD = struct.Struct("3IIIIiIIIQ128s129s7x")
_TARGET = struct.Struct("QQiI16s")
_AS_TABLE, _IS_FULL = 1 << 4, 1 << 8
_MOST_BYTES = 1 << 24


@dataclass(frozen=True)
class Line:
    """A line of a table: `sectors` from `start` on are served by a target."""

    start: int
    sectors: int
    target: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """Sectors of a device that a volume writes to; `sectors` of None: all of them."""

    device: Number
    first: int = 0
    sectors: int | None = None
    volume: str = ""
    """The volume's id in its thin pool; volumes of a pool share no blocks."""


def table(device: Number, control: Path = CONTROL) -> list[Line] | None:
    """The table of the volume of this number; None: the kernel does not tell."""
    return _told(device, control, _AS_TABLE)


def mapped_sectors(device: Number, control: Path = CONTROL) -> int | None:
    """How many sectors of a thin volume are allocated; None: not thin, or not known."""
    return mapped(_told(device, control, 0) or [])


def mapped(lines: Iterable[Line]) -> int | None:
    """The same from the status lines of a volume."""
    found = [
        int(line.arguments[0])
        for line in lines
        if line.target == "thin" and line.arguments and line.arguments[0].isdigit()
    ]
    return sum(found) if found else None


def _told(device: Number, control: Path, flags: int) -> list[Line] | None:
    major, _, minor = device.partition(":")
    try:
        fd = os.open(control, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return ask(os.makedev(int(major), int(minor)), lambda said: _ioctl(fd, said), flags)
    except (OSError, ValueError, struct.error):
        return None
    finally:
        os.close(fd)


def _ioctl(fd: int, question: bytes) -> bytes:
    answer = bytearray(question)
    fcntl.ioctl(fd, _TABLE_STATUS, answer)
    return bytes(answer)


def ask(device: int, ioctl: Callable[[bytes], bytes], flags: int = _AS_TABLE) -> list[Line] | None:
    """A volume's table or, with other flags, its status; `ioctl` asks the kernel."""
    size = 1 << 14
    while size <= _MOST_BYTES:
        head = _HEAD.pack(4, 0, 0, size, _HEAD.size, 0, 0, flags, 0, 0, device, b"", b"")
        answer = ioctl(head.ljust(size, b"\0"))
        _, _, _, _, start, count, _, answered, *_ = _HEAD.unpack_from(answer)
        if not answered & _IS_FULL:
            return list(_lines(answer[start:], count))
        size *= 4
    return None


def _lines(answer: bytes, count: int) -> Iterator[Line]:
    place = 0
    for _ in range(count):
        start, sectors, _, following, target = _TARGET.unpack_from(answer, place)
        said = answer[place + _TARGET.size :].split(b"\0", 1)[0].decode(errors="replace")
        yield Line(start, sectors, target.rstrip(b"\0").decode(), tuple(said.split()))
        place = following


# Targets that write to one device: the index of its name in the arguments; the sector follows.
_PLACES = {"linear": 0, "flakey": 0, "crypt": 3}
_NUMBER = re.compile(r"\d+:\d+")


def parts(line: Line) -> list[Part]:
    """What a line writes to: exact for simple targets, else the whole of each device."""
    words = line.arguments
    with contextlib.suppress(ValueError, IndexError):  # arguments that we do not know
        if (place := _PLACES.get(line.target)) is not None:
            return [Part(words[place], int(words[place + 1]), line.sectors)]
        if line.target == "striped":
            return list(_stripes(line.sectors, int(words[0]), words[2:]))
        if line.target == "thin":
            return [Part(words[0], volume=words[1])]
        if line.target == "snapshot":
            return [Part(words[1])]
    return [Part(word) for word in words if _NUMBER.fullmatch(word)]


def _stripes(sectors: int, count: int, words: tuple[str, ...]) -> Iterator[Part]:
    for number in range(count):
        yield Part(words[2 * number], int(words[2 * number + 1]), -(-sectors // count))

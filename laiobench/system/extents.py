"""Which sectors of which disks and files each block device consists of.

Partitions, loop devices and device-mapper volumes are followed down to disks and files.
A disk counts as one, whatever path leads to it: all paths to a disk have the same wwid.
So devices that share blocks are found even if neither is built on the other.  Who uses
any of them is not known here.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from laiobench.system import mapper
from laiobench.system.kernel import Number, System, number, text
from laiobench.system.loops import SECTOR, Inode, Loop, loops

# The kernel shows an extended partition with this size, though its logical ones lie inside.
_EXTENDED_SECTORS = 8
_FIRST_LOGICAL = 5


@dataclass(frozen=True)
class Device:
    """A block device as sysfs describes it."""

    number: Number
    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def is_partition(self) -> bool:
        return (self.folder / "partition").exists()

    @cached_property
    def sectors(self) -> int:
        return number(self.folder / "size")


@dataclass(frozen=True)
class Extent:
    """Sectors from `first` to before `end` of a disk or file."""

    ground: str
    first: int
    end: int
    is_guess: bool = False
    """The device has only some sectors in this range: not known which."""
    through: frozenset[Number] = frozenset()
    """Devices between this one and the disk that have several parts: what two extents have in
    common is known by their sectors there."""

    def meets(self, other: "Extent") -> bool | None:
        """Whether they have sectors in common; None: perhaps."""
        if self.ground != other.ground or self.through & other.through:
            return False  # their sectors inside that device are compared instead
        if self.first >= other.end or other.first >= self.end:
            return False
        is_certain = (
            (not self.is_guess and not other.is_guess)
            or (not self.is_guess and self._contains(other))
            or (not other.is_guess and other._contains(self))
        )
        return True if is_certain else None

    def _contains(self, other: "Extent") -> bool:
        return self.first <= other.first and other.end <= self.end


@dataclass
class Devices:
    """All block devices of the machine, read once."""

    system: System
    table: Callable[[Number], list[mapper.Line] | None] = mapper.table
    by_number: dict[Number, Device] = field(init=False)
    loops: dict[Number, Loop] = field(init=False)
    _extents: dict[Number, list[Extent]] = field(init=False, default_factory=dict)

    _tables: dict[Number, list[mapper.Line] | None] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.loops = {loop.number: loop for loop in loops(self.system)}
        self.by_number = {
            path.name: Device(path.name, path.resolve())
            for path in sorted((self.system.sys / "dev/block").glob("*:*"))
        }
        self._by_name = {device.name: device for device in self.by_number.values()}

    def named(self, name: str) -> Device | None:
        return self._by_name.get(name)

    def extents(self, number: Number) -> list[Extent]:
        """What a device consists of: sectors of disks and files."""
        if number not in self._extents:
            self._extents[number] = []  # ends the recursion if devices are built on each other
            device = self.by_number.get(number)
            self._extents[number] = list(self._followed(device)) if device else []
        return self._extents[number]

    def disk_of(self, device: Device) -> Device | None:
        """The disk that a partition is on."""
        return self.named(device.folder.parent.name) if device.is_partition else None

    def has_partitions(self, device: Device) -> bool:
        return any(device.folder.glob("*/partition"))

    def is_same_disk(self, one: Device, other: Device) -> bool:
        """Whether both are paths to the same disk."""
        return not one.is_partition and not other.is_partition and _disk(one) == _disk(other)

    def above(self, device: Device) -> list[tuple[str, Number | None]]:
        """What is built directly on it, by name and number, loop devices excepted."""
        names = {path.name for path in device.folder.glob("holders/*")}
        names |= {path.parts[-3] for path in self.system.sys.glob(f"block/*/slaves/{device.name}")}
        found = ((name, self.named(name)) for name in sorted(names))
        return [(name, device.number if device else None) for name, device in found]

    def below(self, number: Number) -> set[Number]:
        """All devices that a device is built on."""
        found: set[Number] = set()
        ahead = [number]
        while ahead:
            new = set(self._directly_below(ahead.pop())) - found - {number}
            found |= new
            ahead += new
        return found

    def _directly_below(self, number: Number) -> Iterator[Number]:
        if (loop := self.loops.get(number)) and loop.device:
            yield loop.device
        if (device := self.by_number.get(number)) is None:
            return
        if disk := self.disk_of(device):
            yield disk.number
        yield from (slave.number for slave in self._slaves(device))
        for line in self._table(device) or []:
            yield from (part.device for part in mapper.parts(line))

    def _slaves(self, device: Device) -> Iterator[Device]:
        for path in sorted(device.folder.glob("slaves/*")):
            if slave := self.named(path.name):
                yield slave

    def _table(self, device: Device) -> list[mapper.Line] | None:
        if not device.name.startswith("dm-"):
            return None
        if device.number not in self._tables:
            self._tables[device.number] = self.table(device.number)
        return self._tables[device.number]

    def files_below(self, number: Number) -> set[Inode]:
        """The files that a device consists of, directly or not."""
        loops = (self.loops.get(one) for one in [number, *self.below(number)])
        return {loop.inode for loop in loops if loop and loop.inode}

    # ---- sectors of disks and files ---------------------------------------------------

    def _followed(self, device: Device) -> Iterator[Extent]:
        if disk := self.disk_of(device):
            yield from self._within(disk.number, *self._span(device, disk))
        elif loop := self.loops.get(device.number):
            yield from self._of_loop(loop, device)
        elif (lines := self._table(device)) is not None:
            yield from self._together(device, list(self._of_table(lines)))
        elif slaves := list(self._slaves(device)):
            # Each member of an array counts whole; of a volume, sysfs does not tell the sectors.
            is_guess = device.name.startswith("dm-")
            parts = [extent for slave in slaves for extent in self.extents(slave.number)]
            if is_guess:
                parts = [replace(extent, is_guess=True) for extent in parts]
            yield from self._together(device, parts)
        else:
            yield Extent(_disk(device), 0, device.sectors)

    def _together(self, device: Device, parts: list[Extent]) -> Iterator[Extent]:
        """A device of several parts, or of unknown ones, has extents of its own sectors, too."""
        if len(parts) == 1 and not parts[0].is_guess and _length(parts[0]) == device.sectors:
            yield parts[0]
            return
        yield Extent(device.number, 0, device.sectors)
        for part in parts:
            yield replace(part, through=part.through | {device.number})

    def _span(self, device: Device, disk: Device) -> tuple[int, int]:
        """A partition's first sector and its end; an extended one ends with its last child."""
        first, sectors = number(device.folder / "start"), device.sectors
        end = first + sectors
        if sectors <= _EXTENDED_SECTORS and number(device.folder / "partition") < _FIRST_LOGICAL:
            for path in disk.folder.glob("*/partition"):
                start = number(path.parent / "start")
                if number(path) >= _FIRST_LOGICAL and start > first:
                    end = max(end, start + number(path.parent / "size"))
        return first, end

    def _of_loop(self, loop: Loop, device: Device) -> Iterator[Extent]:
        first = loop.offset_bytes // SECTOR
        end = first + device.sectors
        if loop.device:
            yield from self._within(loop.device, first, end)
        elif loop.inode:
            yield Extent(ground_of_file(loop.inode), first, end)
        else:
            yield Extent(f"what {loop.name} is made of", first, end)

    def _of_table(self, lines: Iterable[mapper.Line]) -> Iterator[Extent]:
        for line in lines:
            for part in mapper.parts(line):
                if part.volume:
                    ground = f"{part.device}, volume {part.volume}"
                    yield Extent(ground, line.start, line.start + line.sectors)
                elif part.sectors is None:
                    yield from self.extents(part.device)
                else:
                    yield from self._within(part.device, part.first, part.first + part.sectors)

    def _within(self, number: Number, first: int, end: int) -> Iterator[Extent]:
        """The extents of a device's sectors from `first` to before `end`."""
        extents = self.extents(number)
        for extent in extents:
            if not extent.is_guess and (len(extents) == 1 or extent.ground == number):
                yield replace(
                    extent,
                    first=min(extent.first + first, extent.end),
                    end=min(extent.first + end, extent.end),
                )
            else:
                yield replace(extent, is_guess=True)


def _length(extent: Extent) -> int:
    return extent.end - extent.first


def ground_of_file(inode: Inode) -> str:
    return f"file {inode[1]} of {inode[0]}"


def _disk(device: Device) -> str:
    """A disk's identity: the wwid that all paths to it share, if it has one and a size."""
    wwid = text(device.folder / "wwid") or text(device.folder / "device/wwid")
    if wwid.rpartition(".")[2].strip("0- ") and device.sectors:
        return f"{wwid}, {device.sectors} sectors"
    return device.number


def share(some: Iterable[Extent], others: Iterable[Extent]) -> bool | None:
    """Whether they have sectors in common; None: perhaps."""
    others = list(others)
    answer: bool | None = False
    for one in some:
        for other in others:
            meets = one.meets(other)
            if meets:
                return True
            if meets is None:
                answer = None
    return answer

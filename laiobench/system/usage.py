"""Who uses a block device or a file: mounts, swap, what is built on it, servers, processes.

A use of any device that shares blocks with it counts: one above, below or beside it
(`extents` knows which).  The facts are from /proc and /sys, by device number and inode,
never by name.  Where something is not known, that is reported as a use, and says so.
Whether a use forbids anything is decided by the guard.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from laiobench.system import mapper
from laiobench.system.exports import Export, exports, hidden
from laiobench.system.extents import Device, Devices, share
from laiobench.system.kernel import LIVE as LIVE
from laiobench.system.kernel import Number, System, fields, lines, number_of, plain, text
from laiobench.system.loops import SECTOR, Inode, Loop
from laiobench.system.mounts import Mount, mounts
from laiobench.system.openers import Opener, lasting_openers


@dataclass(frozen=True)
class Use:
    """A use, as the end of a sentence (`how`), and what would end it."""

    how: str
    remedy: str


Table = Callable[[Number], list[mapper.Line] | None]


def uses_of_device(device: int, system: System = LIVE, table: Table = mapper.table) -> list[Use]:
    """All uses of the block device of this number, and of devices that share blocks with it.

    A disk and its partitions do; two partitions do not, unless they overlap.
    """
    world = _World(system, table)
    number = number_of(device)
    it = world.devices.by_number.get(number)
    if it is None:
        return [
            Use(
                f"nobody can tell what uses it: {system.sys}/dev/block/{number} is not there",
                "mount sysfs at /sys; if this is a container, run outside it",
            )
        ]
    return list(dict.fromkeys(world.uses_of(it)))


def uses_of_file(status: os.stat_result, system: System = LIVE) -> list[Use]:
    """Uses of a regular file by the kernel: as swap, by loop devices, by servers."""
    world = _World(system, mapper.table)
    inode = (status.st_dev, status.st_ino)
    hidden_loops = Use(
        "nobody can tell whether a loop device is made of it",
        "mount sysfs at /sys; if this is a container, run outside it",
    )
    return [
        *([hidden_loops] if world.loops_are_hidden() else []),
        *world.uses_of_inode(inode, "it"),
        *world.loops_of_file(status),
    ]


def openers_of_file(status: os.stat_result, system: System = LIVE) -> list[Use]:
    """Other processes that write to a regular file, or have locked it."""
    found = lasting_openers(system, (), {(status.st_dev, status.st_ino)})
    return [_opened("it", opener) for opener in found]


_FILE = "the file that it is made of"


# ---- what the kernel uses -------------------------------------------------------------


@dataclass(frozen=True)
class _Swap:
    """A swap area: on `inode` or on `device`; without either, its path leads nowhere here."""

    path: str
    inode: Inode | None = None
    device: Number | None = None


@dataclass
class _World:
    """Devices, mounts, swap and exports of the machine, read once."""

    system: System
    table: Table
    devices: Devices = field(init=False)
    mounts: list[Mount] = field(init=False)
    swaps: list[_Swap] = field(init=False)
    exports: list[Export] = field(init=False)

    def __post_init__(self) -> None:
        self.devices = Devices(self.system, self.table)
        self.mounts = list(_mounts(self.system.proc))
        self.swaps = [_swap(path) for path in _swap_paths(self.system.proc)]
        self.exports = exports(self.system)

    # ---- of a device ------------------------------------------------------------------

    def uses_of(self, it: Device) -> Iterator[Use]:
        """Uses by way of every device that shares blocks with it."""
        extents = self.devices.extents(it.number)
        below = self.devices.below(it.number)
        names: dict[Number, str] = {}
        for other in self.devices.by_number.values():
            met = other == it or share(extents, self.devices.extents(other.number))
            if met is False:
                continue
            name = self._relation(it, other, below, is_certain=bool(met))
            names[other.number] = name
            uses = [*self._uses_by_the_kernel(other, name), *self._holders(it, other, name, below)]
            if not uses and self._may_claim(it, other, below) and _is_claimed(other, self.system):
                uses = [Use(f"{name} is claimed by the kernel or another program", "end that")]
            yield from uses
        files = self.devices.files_below(it.number)
        for inode in files:
            yield from self.uses_of_inode(inode, _FILE)
        yield from self._doubts(it, below)
        for opener in lasting_openers(self.system, names.keys(), files):
            yield _opened(names.get(str(opener.what), _FILE), opener)

    def _relation(self, it: Device, other: Device, below: set[Number], *, is_certain: bool) -> str:
        """How `other` relates to it, as the beginning of a sentence."""
        if other == it:
            return "it"
        if self.devices.disk_of(it) == other:
            return f"its disk {other.name}"
        if self.devices.disk_of(other) == it:
            return f"its partition {other.name}"
        if other.number in below:
            return f"{other.name}, which it is built on,"
        if it.number in self.devices.below(other.number):
            return f"{other.name}, which is built on it,"
        if self.devices.is_same_disk(it, other):
            return f"{other.name}, which is another path to the same disk,"
        shares = "shares" if is_certain else "may share"
        return f"{other.name}, which {shares} blocks with it,"

    def _uses_by_the_kernel(self, device: Device, it: str) -> Iterator[Use]:
        for place in self.places_of(device.name, device.number):
            yield Use(f"{it} is mounted at {place}", f"umount {place}")
        for swap in self.swaps:
            if swap.device == device.number or swap.path == f"/dev/{device.name}":
                yield Use(f"{it} is used as swap", f"swapoff {swap.path}")
        for folder in self.system.sys.glob(f"fs/*/*/devices/{device.name}"):
            system, name = folder.parts[-4], folder.parts[-3]
            yield Use(f"{it} is part of the {system} file system {name}", "unmount that")
        for export in self.exports:
            if export.device == device.number:
                yield Use(f"{export.server} gives {_object(it)} away", export.remedy)

    def places_of(self, name: str, number: Number) -> list[str]:
        """Where a device is mounted; also if the mount has a number of its own, as btrfs' has."""
        return list(
            dict.fromkeys(
                mount.place
                for mount in self.mounts
                if mount.number == number or mount.source == f"/dev/{name}"
            )
        )

    def _holders(self, it: Device, other: Device, name: str, below: set[Number]) -> Iterator[Use]:
        """Devices built on `other`, but neither `it` nor devices that share no blocks with `it`."""
        extents = self.devices.extents(it.number)
        ours = {it.number, *below}

        def is_beside(number: Number | None) -> bool:
            if number is None or number not in self.devices.by_number:
                return False  # a holder without a number: not known
            return share(extents, self.devices.extents(number)) is False

        for holder, number in self.devices.above(other):
            if number not in ours and not is_beside(number):
                yield _held(name, holder, self.system)
        for loop in self.devices.loops.values():
            if (
                loop.device == other.number
                and loop.number not in ours
                and not is_beside(loop.number)
            ):
                yield Use(
                    f"the loop device /dev/{loop.name} is made of {_object(name)}",
                    f"losetup --detach /dev/{loop.name}",
                )

    def _may_claim(self, it: Device, other: Device, below: set[Number]) -> bool:
        """Whether it would tell something that `other` is claimed.

        Devices below are claimed on behalf of `it`; a claim of a disk excludes those of all its
        partitions, `it` among them, and of partitions that share nothing with it.
        """
        if other == it or other.number in below or self.devices.disk_of(other) == it:
            return False
        return not self.devices.has_partitions(other)

    def _doubts(self, it: Device, below: set[Number]) -> Iterator[Use]:
        """What is not known, and may be a use."""
        for one in [it.number, *below]:
            if (loop := self.devices.loops.get(one)) and not loop.is_known:
                yield Use(
                    f"nobody knows what {loop.name} is made of ({loop.path or 'it is not told'})",
                    "run as root, where that is",
                )
        ours = {it.number, *below}
        found = (self.devices.by_number.get(one) for one in ours)
        sizes = [device.sectors * SECTOR for device in found if device]
        for loop in self.devices.loops.values():
            if not loop.is_known and loop.number not in ours and any(map(loop.fits, sizes)):
                yield _perhaps(loop, self.places_of(loop.name, loop.number))
        yield from self._unknown_exports("it")
        for module in hidden(self.system):
            yield Use(
                f"the kernel may give it away: what {module} does is not to be seen",
                "mount -t configfs none /sys/kernel/config",
            )

    def _unknown_exports(self, it: str) -> Iterator[Use]:
        for export in self.exports:
            if export.inode is None and export.device is None:
                yield Use(
                    f"{export.server} may give {it} away: what it calls {export.path} "
                    "is not there by that name",
                    export.remedy,
                )

    # ---- of a file --------------------------------------------------------------------

    def loops_are_hidden(self) -> bool:
        """Whether neither sysfs nor /proc tells which block devices there are."""
        system = self.system
        return not ((system.sys / "block").is_dir() or text(system.proc / "partitions"))

    def uses_of_inode(self, inode: Inode, it: str) -> Iterator[Use]:
        for swap in self.swaps:
            if swap.inode == inode:
                yield Use(f"{it} is used as swap", f"swapoff {swap.path}")
        for export in self.exports:
            if export.inode == inode:
                yield Use(f"{export.server} gives {it} away", export.remedy)

    def loops_of_file(self, status: os.stat_result) -> Iterator[Use]:
        for loop in self.devices.loops.values():
            places = self.places_of(loop.name, loop.number)
            if loop.inode and self._is_same_file(loop.inode, status):
                mounted = f", which is mounted at {' and '.join(places)}," if places else ""
                yield Use(
                    f"the loop device /dev/{loop.name}{mounted} is made of it",
                    f"losetup --detach /dev/{loop.name}, or write to that device instead",
                )
            elif not loop.is_known and loop.fits(status.st_size):
                yield _perhaps(loop, places)
        yield from self._unknown_exports("it")

    def _is_same_file(self, inode: Inode, status: os.stat_result) -> bool:
        """Whether it is; an overlay shows the inodes of its layers, with a device of its own."""
        if inode[1] != status.st_ino:
            return False
        return inode[0] == status.st_dev or any(map(self._is_overlay, (inode[0], status.st_dev)))

    def _is_overlay(self, device: int) -> bool:
        """Whether it is, or may be, an overlay: a device that is mounted nowhere may be one."""
        number = number_of(device)
        kinds = [mount.kind for mount in self.mounts if mount.number == number]
        return "overlay" in kinds or (not kinds and os.major(device) == 0)


def _perhaps(loop: Loop, places: Sequence[str]) -> Use:
    mounted = f", which is mounted at {' and '.join(places)}," if places else ""
    said = f"it is said to be {loop.path}" if loop.path else "nothing says what it is"
    return Use(
        f"the loop device /dev/{loop.name}{mounted} may be made of it "
        f"({said}, which cannot be seen)",
        f"run as root where /dev/{loop.name} is, or losetup --detach it",
    )


def _opened(it: str, opener: Opener) -> Use:
    return Use(
        f"process {opener.pid} ({opener.program}) has {_object(it)} {opener.does}",
        "end that program",
    )


def _is_claimed(device: Device, system: System) -> bool:
    """Whether the kernel refuses an exclusive open of it (which is closed again at once)."""
    node = system.dev / device.name.replace("!", "/")
    try:
        if number_of(node.stat().st_rdev) != device.number:
            return False
        os.close(os.open(node, os.O_RDONLY | os.O_EXCL | os.O_CLOEXEC | os.O_NONBLOCK))
    except OSError as error:
        return error.errno == errno.EBUSY
    return False


def _object(it: str) -> str:
    return it.removesuffix(",")


def _held(it: str, holder: str, system: System) -> Use:
    folder = system.sys / "block" / holder
    if holder.startswith("dm-"):
        name, uuid = text(folder / "dm/name") or holder, text(folder / "dm/uuid")
        what, end = f"the device-mapper volume {name}", f"dmsetup remove {name}"
        for prefix, kind, command in _MAPPED:
            if uuid.startswith(prefix):
                what, end = f"the {kind} {name}", command.format(name=name)
        return Use(f"{it} is held by {what}", end)
    if holder.startswith("md"):
        level = text(folder / "md/level")
        array = f"the {level} array /dev/{holder}" if level else f"the array /dev/{holder}"
        return Use(f"{it} is a member of {array}", f"mdadm --stop /dev/{holder}")
    return Use(f"{it} is held by {holder}", f"detach it from {holder}")


# What made a device-mapper volume, by the prefix of its UUID.
_MAPPED = (
    ("LVM-", "logical volume", "lvchange --activate n /dev/mapper/{name}"),
    ("CRYPT-", "encrypted volume", "cryptsetup close {name}"),
    ("mpath-", "multipath device", "write to /dev/mapper/{name} instead"),
)


def _mounts(proc: Path) -> Iterator[Mount]:
    """The mounts of every mount namespace that we may look into."""
    seen: set[str] = set()
    for process in ["self", *(path.name for path in proc.glob("[0-9]*"))]:
        try:
            namespace = str((proc / process / "ns/mnt").readlink())
        except OSError:
            namespace = process  # another user's: its mounts can be read, its namespace can't
        if namespace in seen:
            continue
        seen.add(namespace)
        yield from mounts(proc / process / "mountinfo")


def _swap_paths(proc: Path) -> list[str]:
    return [plain(found[0]) for line in lines(proc / "swaps")[1:] if (found := fields(line))]


def _swap(path: str) -> _Swap:
    try:
        status = Path(path).stat()
    except (OSError, ValueError):  # of another namespace, or deleted
        return _Swap(path)
    if stat.S_ISBLK(status.st_mode):
        return _Swap(path, device=number_of(status.st_rdev))
    return _Swap(path, inode=(status.st_dev, status.st_ino))


def joined(uses: Sequence[Use]) -> Use:
    """All of them in one sentence."""
    remedies = list(dict.fromkeys(use.remedy for use in uses))
    return Use(", and ".join(use.how for use in uses), "; ".join(remedies))

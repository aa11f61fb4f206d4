"""Who uses a block device or a file: mounts, swap, and devices that are built on it.

Facts from /proc and /sys alone, by device number and inode, never by what a name
may mean.  Whether that forbids anything is the guard's matter.  Both folders can be
others, for machines that are not at hand.
"""

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Number = str
"""A device's number as the kernel writes it: `8:1`."""


@dataclass(frozen=True)
class System:
    """Where the kernel tells of itself."""

    proc: Path = Path("/proc")
    sys: Path = Path("/sys")


LIVE = System()


@dataclass(frozen=True)
class Use:
    """A use of something, as the end of a sentence, and what would end it."""

    how: str
    remedy: str


@dataclass(frozen=True)
class _Device:
    """A block device as sysfs has it, and what it is to the one that was asked about."""

    name: str
    folder: Path
    relation: str = "it"

    @property
    def number(self) -> Number:
        return _text(self.folder / "dev")


def number_of(device: int) -> Number:
    """`st_rdev` or `st_dev` as the kernel writes it."""
    return f"{os.major(device)}:{os.minor(device)}"


def uses_of_device(device: int, system: System = LIVE) -> list[Use]:
    """All uses of a block device, by its number, and of what it overlaps with.

    Those are a disk's partitions, or a partition's disk: its other partitions
    are nothing to it.
    """
    folder = system.sys / "dev/block" / number_of(device)
    if not folder.exists():
        return []
    family = _family(folder.resolve())
    world = _World(system)
    return [use for member in family for use in world.uses_of(member)]


def uses_of_file(status: os.stat_result, system: System = LIVE) -> list[Use]:
    """All uses of a regular file that make it more than a file: swap, and loop devices."""
    world = _World(system)
    uses = [
        Use("it is used as swap", f"swapoff {swap.path}")
        for swap in world.swaps
        if swap.inode == (status.st_dev, status.st_ino)
    ]
    for loop in world.loops:
        if loop.inode == (status.st_dev, status.st_ino):
            places = " and ".join(world.places_of(loop.name))
            mounted = f", which is mounted at {places}," if places else ""
            uses.append(
                Use(
                    f"the loop device /dev/{loop.name}{mounted} is made of it",
                    f"losetup --detach /dev/{loop.name}, or write to that device instead",
                )
            )
    return uses


def _family(folder: Path) -> list[_Device]:
    """The device, and those whose blocks are also its own."""
    if (folder / "partition").exists():
        disk = folder.parent
        return [_Device(folder.name, folder), _Device(disk.name, disk, f"its disk {disk.name}")]
    partitions = sorted(path.parent for path in folder.glob("*/partition"))
    return [
        _Device(folder.name, folder),
        *(_Device(path.name, path, f"its partition {path.name}") for path in partitions),
    ]


# ---- what the kernel uses -------------------------------------------------------------


@dataclass(frozen=True)
class _Mount:
    number: Number
    place: str
    source: str


@dataclass(frozen=True)
class _Backing:
    """A file or device that something is made of, as far as it can be reached."""

    path: str
    inode: tuple[int, int] | None
    number: Number | None
    name: str = ""


@dataclass
class _World:
    """What there is, read once."""

    system: System
    mounts: list[_Mount] = field(init=False)
    swaps: list[_Backing] = field(init=False)
    loops: list[_Backing] = field(init=False)

    def __post_init__(self) -> None:
        self.mounts = list(_mounts(self.system.proc))
        self.swaps = [_backing(path) for path in _swap_paths(self.system.proc)]
        self.loops = [
            _backing(_text(path), path.parent.parent.name)
            for path in sorted(self.system.sys.glob("block/loop*/loop/backing_file"))
        ]

    def uses_of(self, device: _Device) -> Iterator[Use]:
        it, number = device.relation, device.number
        for place in self.places_of(device.name, number):
            yield Use(f"{it} is mounted at {place}", f"umount {place}")
        for swap in self.swaps:
            if swap.number == number or swap.path == f"/dev/{device.name}":
                yield Use(f"{it} is used as swap", f"swapoff {swap.path}")
        for loop in self.loops:
            if loop.number == number:
                yield Use(
                    f"the loop device /dev/{loop.name} is made of {_object(it)}",
                    f"losetup --detach /dev/{loop.name}",
                )
        for holder in self._holders(device):
            yield _held(it, holder, self.system)
        for folder in self.system.sys.glob(f"fs/*/*/devices/{device.name}"):
            system, name = folder.parts[-4], folder.parts[-3]
            yield Use(f"{it} is part of the {system} file system {name}", "unmount that")

    def places_of(self, name: str, number: Number = "") -> list[str]:
        """Where a device is mounted; also where the mount has a number of its own, as btrfs'."""
        number = number or _text(self.system.sys / "block" / name / "dev")
        return list(
            dict.fromkeys(
                mount.place
                for mount in self.mounts
                if mount.number == number or mount.source == f"/dev/{name}"
            )
        )

    def _holders(self, device: _Device) -> list[str]:
        """Block devices that are built on this one."""
        names = {path.name for path in device.folder.glob("holders/*")}
        names |= {path.parts[-3] for path in self.system.sys.glob(f"block/*/slaves/{device.name}")}
        return sorted(names)


def _object(it: str) -> str:
    return "it" if it == "it" else it


def _held(it: str, holder: str, system: System) -> Use:
    folder = system.sys / "block" / holder
    if holder.startswith("dm-"):
        name, uuid = _text(folder / "dm/name") or holder, _text(folder / "dm/uuid")
        what, end = f"the device-mapper volume {name}", f"dmsetup remove {name}"
        for prefix, kind, command in _MAPPED:
            if uuid.startswith(prefix):
                what, end = f"the {kind} {name}", command.format(name=name)
        return Use(f"{it} is held by {what}", end)
    if holder.startswith("md"):
        level = _text(folder / "md/level")
        array = f"the {level} array /dev/{holder}" if level else f"the array /dev/{holder}"
        return Use(f"{it} is a member of {array}", f"mdadm --stop /dev/{holder}")
    return Use(f"{it} is held by {holder}", f"detach it from {holder}")


# What made a device-mapper volume, by the beginning of its UUID.
_MAPPED = (
    ("LVM-", "logical volume", "lvchange --activate n /dev/mapper/{name}"),
    ("CRYPT-", "encrypted volume", "cryptsetup close {name}"),
    ("mpath-", "multipath device", "write to /dev/mapper/{name} instead"),
)


def _mounts(proc: Path) -> Iterator[_Mount]:
    """Of every mount namespace that we may look into."""
    seen: set[str] = set()
    for process in ["self", *(path.name for path in proc.glob("[0-9]*"))]:
        try:
            namespace = str((proc / process / "ns/mnt").readlink())
        except OSError:
            namespace = process  # another user's; its mounts can be read nevertheless
        if namespace in seen:
            continue
        seen.add(namespace)
        for line in _text(proc / process / "mountinfo").splitlines():
            fields = line.split()
            if "-" in fields[6:] and len(fields) > (dash := fields.index("-", 6)) + 2:
                yield _Mount(fields[2], _plain(fields[4]), _plain(fields[dash + 2]))


def _swap_paths(proc: Path) -> list[str]:
    lines = _text(proc / "swaps").splitlines()[1:]
    return [_plain(line.split()[0]) for line in lines if line.split()]


def _backing(path: str, name: str = "") -> _Backing:
    try:
        status = Path(path).stat()
    except OSError:  # of another namespace, or deleted
        return _Backing(path, None, None, name)
    if stat.S_ISBLK(status.st_mode):
        return _Backing(path, None, number_of(status.st_rdev), name)
    return _Backing(path, (status.st_dev, status.st_ino), None, name)


def _plain(field: str) -> str:
    r"""A field of /proc without its escapes: `\040` is a space."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="surrogateescape").strip()
    except OSError:
        return ""


def joined(uses: Sequence[Use]) -> Use:
    """All of them in one sentence."""
    remedies = list(dict.fromkeys(use.remedy for use in uses))
    return Use(", and ".join(use.how for use in uses), "; ".join(remedies))

"""What is mounted where, which file system a path or an open file is on, and how it is mounted."""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from laiobench.system.kernel import LIVE, Number, fields, lines, number_of, plain


@dataclass(frozen=True)
class Mount:
    """A line of mountinfo(5)."""

    number: Number
    place: str
    options: str
    kind: str
    """The type of the file system, such as ext4."""
    source: str


def mounts(mountinfo: Path) -> Iterator[Mount]:
    """All of such a file, in the order in which they were mounted; none where it can't be read."""
    for line in lines(mountinfo):
        found = fields(line)
        if "-" in found[6:] and len(found) > (dash := found.index("-", 6)) + 2:
            yield Mount(
                found[2], plain(found[4]), found[5], found[dash + 1], plain(found[dash + 2])
            )


def file_system(path: Path) -> str:
    """The type of the file system that `path` is on, such as ext4; empty if unknown."""
    return file_system_of(path.stat().st_dev)


def file_system_of(device: int) -> str:
    """The type of the file system that has this `st_dev`."""
    found = _mount(device)
    return found.kind if found else ""


def mount_options(path: Path) -> str:
    """The mount options of that file system, such as rw,relatime; empty if unknown."""
    found = _mount(path.stat().st_dev)
    return found.options if found else ""


def is_mount_point(path: Path) -> bool:
    """Whether something is mounted exactly there; a file can be a mount point, too (bind)."""
    return any(mount.place == str(path) for mount in _ours())


def _mount(device: int) -> Mount | None:
    """The last mount of the file system with this `st_dev`."""
    number = number_of(device)
    return next((mount for mount in reversed([*_ours()]) if mount.number == number), None)


def _ours() -> Iterator[Mount]:
    return mounts(LIVE.proc / "self/mountinfo")


# Magic numbers (statfs) of file systems that show the kernel's state and store no data.
_KERNEL_FILE_SYSTEMS = {
    0x9FA0: "proc", 0x62656572: "sysfs", 0x64626720: "debugfs", 0x74726163: "tracefs",
    0x73636673: "securityfs", 0x62656570: "configfs", 0x27E0EB: "cgroup", 0x63677270: "cgroup2",
    0xCAFE4A11: "bpf", 0xDE5E81E4: "efivarfs", 0x6165676C: "pstore", 0x65735543: "fusectl",
    0x42494E4D: "binfmt_misc", 0xF97CFF8C: "selinuxfs", 0x1CD1: "devpts", 0x43415D53: "smackfs",
    0x07655821: "resctrl", 0x6E736673: "nsfs", 0x6E667364: "nfsd", 0x67596969: "rpc_pipefs",
    0xABBA1974: "xenfs", 0x19800202: "mqueue", 0x6C6F6F70: "binder", 0x9FA1: "openpromfs",
    0x5A3C69F0: "apparmorfs", 0x76A9F425: "dlmfs", 0x50494446: "pidfs",
}  # fmt: skip
_MEMORY_FILE_SYSTEMS = {0x01021994: "tmpfs", 0x858458F6: "ramfs", 0x958458F6: "hugetlbfs"}


def kernel_file_system_of(fd: int) -> str:
    """The name of such a file system, if an open file is on one; else empty.

    The file itself is asked: mounts of another namespace are not in our list.
    """
    return _KERNEL_FILE_SYSTEMS.get(_magic(fd), "")


def memory_file_system_of(fd: int) -> str:
    """The file system that keeps an open file in memory; empty if it is on storage."""
    return _MEMORY_FILE_SYSTEMS.get(_magic(fd), "")


def _magic(fd: int) -> int:
    """The type's number from statfs(2); 0 where that fails."""
    answer = (ctypes.c_ulong * 64)()  # larger than struct statfs; the type is its first field
    if ctypes.CDLL(None).fstatfs(fd, ctypes.byref(answer)) != 0:
        return 0
    return int(answer[0]) & 0xFFFFFFFF

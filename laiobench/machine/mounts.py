"""Which file system a path is on, and where a block device is mounted."""

import os
import stat
from pathlib import Path

import psutil


def file_system(path: Path) -> str:
    """The type of the file system that `path` is on, such as ext4; empty if unknown."""
    return _mount(path)[1]


def mount_options(path: Path) -> str:
    """With what that file system is mounted, such as rw,relatime; empty if unknown."""
    return _mount(path)[0]


def _mount(path: Path) -> tuple[str, str]:
    """The options and the type of the last mount of the file system that `path` is on."""
    device = path.stat().st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    found = ("", "")
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split()
        if fields[2] == wanted:
            found = (fields[5], after.split()[0])
    return found


def mount_points(device: int) -> list[str]:
    """Where a block device, by its number, or a partition of it is mounted."""
    places = []
    for mount in psutil.disk_partitions(all=True):
        try:
            mounted = Path(mount.device).stat()
        except OSError:
            continue
        is_device = stat.S_ISBLK(mounted.st_mode)
        if is_device and device in (mounted.st_rdev, whole_disk(mounted.st_rdev)):
            places.append(mount.mountpoint)
    return places


def whole_disk(device: int) -> int:
    """The disk that a partition is on; the device itself if it is none."""
    folder = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve()
    if not (folder / "partition").exists():
        return device
    major, _, minor = (folder.parent / "dev").read_text().strip().partition(":")
    return os.makedev(int(major), int(minor))

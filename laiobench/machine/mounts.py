"""Which file system a path is on, and what is mounted there."""

import os
import re
from pathlib import Path


def file_system(path: Path) -> str:
    """The type of the file system that `path` is on, such as ext4; empty if unknown."""
    return file_system_of(path.stat().st_dev)


def file_system_of(device: int) -> str:
    """The type of the file system that has this `st_dev`."""
    return _mount(device)[1]


def mount_options(path: Path) -> str:
    """With what that file system is mounted, such as rw,relatime; empty if unknown."""
    return _mount(path.stat().st_dev)[0]


def is_mount_point(path: Path) -> bool:
    """Whether something is mounted right there; also a file may be (bind)."""
    try:
        lines = os.fsdecode(Path("/proc/self/mountinfo").read_bytes()).splitlines()
    except OSError:
        return False
    return str(path) in (_unescaped(line.split()[4]) for line in lines)


def _unescaped(field: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), field)


def _mount(device: int) -> tuple[str, str]:
    """The options and the type of the last mount of the file system with this `st_dev`."""
    wanted = f"{os.major(device)}:{os.minor(device)}"
    found = ("", "")
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split()
        if fields[2] == wanted:
            found = (fields[5], after.split()[0])
    return found

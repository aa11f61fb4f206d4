"""Where /proc, /sys, /dev and configfs are, and reading the small files there.

Tests put folders of other machines in their place.  What the files mean is known to
the callers.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

Number = str
"""A device's number as the kernel writes it: `8:1`."""


@dataclass(frozen=True)
class System:
    """The kernel's folders."""

    proc: Path = Path("/proc")
    sys: Path = Path("/sys")
    dev: Path = Path("/dev")

    @property
    def config(self) -> Path:
        """The folder in which NVMe and SCSI targets are configured."""
        return self.sys / "kernel/config"


LIVE = System()


def number_of(device: int) -> Number:
    """A device number, such as `st_rdev`, as the kernel writes it."""
    return f"{os.major(device)}:{os.minor(device)}"


def text(path: Path) -> str:
    """A small file's text; empty where it can't be read."""
    return _all(path).strip()


def lines(path: Path) -> list[str]:
    """A file's lines; none where it can't be read.

    Names in them may hold any byte but those that the kernel escapes, so that other line ends,
    as Python knows them, are no line ends here.
    """
    return [line for line in _all(path).split("\n") if line]


def _all(path: Path) -> str:
    try:
        return os.fsdecode(path.read_bytes())
    except (OSError, ValueError):
        return ""


def number(path: Path) -> int:
    """The number in a small file; 0 where there is none."""
    held = text(path)
    return int(held) if held.isascii() and held.isdigit() else 0


def fields(line: str) -> list[str]:
    """What stands between spaces and tabs; any other white space is part of a name."""
    return re.findall("[^ \t]+", line)


def plain(field: str) -> str:
    r"""A field of a /proc file with its escapes resolved: `\040` is a space."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)

"""Where the kernel tells of itself: its folders, their small files, and the numbers in them.

The folders can be others, for machines that are not at hand.  What is read there
means something to those who ask for it, and nothing here.
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
        """Where kernel targets are configured."""
        return self.sys / "kernel/config"


LIVE = System()


def number_of(device: int) -> Number:
    """`st_rdev` or `st_dev` as the kernel writes it."""
    return f"{os.major(device)}:{os.minor(device)}"


def text(path: Path) -> str:
    """A small file's text; empty where it can't be read."""
    try:
        return path.read_text(errors="surrogateescape").strip()
    except (OSError, ValueError):
        return ""


def number(path: Path) -> int:
    """The number that a small file holds; 0 where it holds none."""
    held = text(path)
    return int(held) if held.isascii() and held.isdigit() else 0


def plain(field: str) -> str:
    r"""A field of /proc without its escapes: `\040` is a space."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)

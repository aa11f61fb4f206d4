"""What the user has said of writing, and what they can be asked.

`--allow-write` names targets, and a target is what a name leads to at the moment
at which it is open: the same inode, or the same device.  Nothing is opened here.
"""

import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

READONLY_VARIABLE = "LAIOBENCH_READONLY"


@dataclass(frozen=True)
class Question:
    """May this be overwritten?  Two about the same target are equal."""

    which: tuple[int, ...]
    """The target's `identity()`."""
    path: str = field(compare=False)
    """What the job calls it."""
    name: str = field(compare=False)
    """What must be typed: the name of what is really there."""
    job: str = field(compare=False)
    rw: str = field(compare=False)
    facts: tuple[tuple[str, str], ...] = field(compare=False)
    """What it is and what is on it, for a person to recognise it by."""


Asker = Callable[[Question], bool]


@dataclass(frozen=True)
class Permission:
    """Which targets may be written to."""

    allow_write: Sequence[str | os.PathLike[str]] = ()
    """Paths; what they lead to may lose its data."""
    force_signature: bool = False
    """Also where there are signatures of file systems and the like."""
    readonly: bool = False
    """Nothing may be changed at all, whatever else is said."""
    ask: Asker | None = None
    """Asks a person, of each block device, and of each file that was not named;
    without one, what was not named is refused and what was is granted."""

    def names(self, status: os.stat_result) -> bool:
        """Whether the user has named what is open with this status."""
        return any(_leads_to(path, status) for path in self.allow_write)


def _leads_to(path: str | os.PathLike[str], status: os.stat_result) -> bool:
    try:
        named = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):
        return False
    return identity(named) == identity(status)


def identity(status: os.stat_result) -> tuple[int, ...]:
    """What makes a target the very one: a device's number, or a file's inode."""
    kind = stat.S_IFMT(status.st_mode)
    if stat.S_ISBLK(status.st_mode) or stat.S_ISCHR(status.st_mode):
        return (kind, status.st_rdev)
    return (kind, status.st_dev, status.st_ino)

"""What the user has permitted to be written to, and what they can be asked.

`--allow-write` names targets; a name stands for the inode or device that it leads to
when the target is opened.  Nothing is opened here.
"""

import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

READONLY_VARIABLE = "LAIOBENCH_READONLY"


@dataclass(frozen=True)
class Question:
    """May this be overwritten?  Questions about the same target are equal."""

    which: tuple[int, ...]
    """The target's `identity()`."""
    path: str = field(compare=False)
    """The path in the job."""
    name: str = field(compare=False)
    """What must be typed to permit it: the real path."""
    job: str = field(compare=False)
    rw: str = field(compare=False)
    facts: tuple[tuple[str, str], ...] = field(compare=False)
    """What it is, and what is on it, so that a person recognises it."""


Asker = Callable[[Question], bool]


@dataclass(frozen=True)
class Permission:
    """Which targets may be written to."""

    allow_write: Sequence[str | os.PathLike[str]] = ()
    """Paths of targets whose data may be lost."""
    force_signature: bool = False
    """Permits targets with signatures of file systems and the like, too."""
    readonly: bool = False
    """Forbids all changes, whatever else is permitted."""
    ask: Asker | None = None
    """Asks a person about each block device, and each file that was not named.  Without it,
    named targets are permitted, and others refused."""

    def names(self, status: os.stat_result) -> bool:
        """Whether the user has named the file that has this status."""
        return any(_leads_to(path, status) for path in self.allow_write)


def _leads_to(path: str | os.PathLike[str], status: os.stat_result) -> bool:
    try:
        named = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):
        return False
    return identity(named) == identity(status)


def identity(status: os.stat_result) -> tuple[int, ...]:
    """What identifies a target: a device's number, or a file's device and inode."""
    kind = stat.S_IFMT(status.st_mode)
    if stat.S_ISBLK(status.st_mode) or stat.S_ISCHR(status.st_mode):
        return (kind, status.st_rdev)
    return (kind, status.st_dev, status.st_ino)

"""What the kernel counts of each disk (/sys/block/DISK/stat), and what was done in between."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

_DISKS = Path("/sys/block")


@dataclass(frozen=True)
class DiskUse:
    """What a disk did in a time, in the order of the file; ticks are ms, added up over its I/Os."""

    read_ios: int
    read_merges: int
    read_sectors: int
    read_ticks: int
    write_ios: int
    write_merges: int
    write_sectors: int
    write_ticks: int
    in_flight: int
    busy_ms: int
    """For so long it had something to do."""
    in_queue: int

    def since(self, before: "DiskUse") -> "DiskUse":
        """What was done between the two; counters of 32 bits begin again at 0."""
        return DiskUse(
            *(
                max(0, getattr(self, field.name) - getattr(before, field.name))
                for field in fields(DiskUse)
            )
        )


_COUNT = len(fields(DiskUse))


def read_all() -> dict[str, DiskUse]:
    """The counters of all disks, by name; none where the kernel shows none (a container)."""
    try:
        names = sorted(path.name for path in _DISKS.iterdir())
    except OSError:
        return {}
    return {name: use for name in names if (use := _read(name))}


def between(
    before: Mapping[str, DiskUse], after: Mapping[str, DiskUse], names: Iterable[str]
) -> dict[str, DiskUse]:
    """What these disks did, by name; those that are counted nowhere are left out."""
    return {
        name: after[name].since(before[name])
        for name in dict.fromkeys(names)
        if name in before and name in after
    }


def _read(name: str) -> DiskUse | None:
    try:
        numbers = [int(word) for word in (_DISKS / name / "stat").read_text().split()]
    except (OSError, ValueError):
        return None
    return DiskUse(*numbers[:_COUNT]) if len(numbers) >= _COUNT else None

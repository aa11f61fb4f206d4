"""Rounds, ratios and targets: pure judgement, no tools and no devices."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tools import Speed

Round = Mapping[str, Speed]
"""What each tool did in one round, by name."""


@dataclass(frozen=True)
class Target:
    """`ours` must do at least so many times the IOPS of `peer`, at these depths."""

    ours: str
    peer: str
    least: Mapping[int, float]


MODES = ("poll", "eventfd", "bh", "adaptive", "getevents")
TARGETS = (
    Target("poll", "fio", {1: 1.5, 32: 2.5, 128: 2.4}),
    Target("poll", "fio tuned", {1: 1.3, 32: 1.2, 128: 1.2}),
    Target("getevents, batch 1", "fio", {1: 1.15, 32: 1.15, 128: 1.15}),
    Target("poll", "qemu-img", {1: 2.0, 32: 2.5, 128: 2.5}),
    *(Target(mode, f"floor of {mode}", {1: 0.95, 32: 0.97, 128: 0.97}) for mode in MODES),
)


@dataclass(frozen=True)
class Ratio:
    """Of two tools, over all rounds."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, ratios: Sequence[float]) -> "Ratio":
        return cls(statistics.median(ratios), min(ratios), max(ratios))


@dataclass(frozen=True)
class Row:
    """A pair of tools at one depth; `least` is None where there is no target."""

    iodepth: int
    ours: str
    peer: str
    iops: Ratio
    cpu: Ratio
    least: float | None

    @property
    def is_met(self) -> bool:
        return self.least is None or self.iops.median >= self.least


def compare(rounds: Sequence[Round], iodepth: int, *, has_targets: bool) -> list[Row]:
    """A row for each pair of tools that the rounds have."""
    return [
        Row(
            iodepth,
            target.ours,
            target.peer,
            Ratio.of([one[target.ours].iops / one[target.peer].iops for one in rounds]),
            Ratio.of(
                [one[target.ours].cpu_ns_per_io / one[target.peer].cpu_ns_per_io for one in rounds]
            ),
            target.least.get(iodepth) if has_targets else None,
        )
        for target in TARGETS
        if {target.ours, target.peer} <= set(rounds[0])
    ]

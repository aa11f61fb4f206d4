"""Pairs of tools, ratios and targets: pure judgement, no tools and no devices."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

MODES = ("poll", "eventfd", "bh", "adaptive", "getevents")
ASLEEP = ("eventfd", "bh", "getevents")
"""The modes that never look for what is not there yet."""


@dataclass(frozen=True)
class Pair:
    """Two tools, and by iodepth the least ratio of I/Os per second of CPU time, ours ÷ peer."""

    ours: str
    peer: str
    least: Mapping[int, float] = field(default_factory=dict)


OF_NATIVE_AIO = (
    *(Pair(mode, f"floor of {mode}", {1: 0.95, 32: 0.975, 128: 0.975}) for mode in MODES),
    Pair("poll", "fio"),
    Pair("poll", "fio tuned"),
    Pair("getevents, batch 1", "fio"),
    Pair("poll", "qemu-img"),
)

_DEPTHS = (1, 32, 128)

OF_IO_URING = (
    *(
        Pair(f"io_uring {mode}", f"floor of io_uring {mode}", dict.fromkeys(_DEPTHS, 1 / 1.05))
        for mode in ASLEEP
    ),
    *(Pair(f"io_uring {mode}, registered", mode, dict.fromkeys(_DEPTHS, 1.05)) for mode in ASLEEP),
    Pair("io_uring getevents", "getevents"),
    Pair("io_uring getevents", "fio's io_uring"),
)
"""For a device that starts I/Os without waiting: elsewhere threads of the kernel do them.  Where
an I/O takes time, looking for it costs as much as it takes: so these are of modes that sleep."""


@dataclass(frozen=True)
class Ratio:
    """The ratios of two tools, over all rounds."""

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
    ratio: Ratio
    ours_ns: float
    """The median of CPU time per I/O."""
    peer_ns: float
    least: float | None = None

    @property
    def is_met(self) -> bool:
        return self.least is None or self.ratio.median >= self.least


def row(pair: Pair, iodepth: int, costs: Sequence[tuple[float, float]], *, judged: bool) -> Row:
    """The row of a pair; `costs` are (ours, peer's) CPU time per I/O in ns, of each round."""
    return Row(
        iodepth,
        pair.ours,
        pair.peer,
        Ratio.of([peer / ours for ours, peer in costs]),
        statistics.median(ours for ours, _ in costs),
        statistics.median(peer for _, peer in costs),
        pair.least.get(iodepth) if judged else None,
    )

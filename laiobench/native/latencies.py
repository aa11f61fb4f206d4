"""The latencies that the core records, by name and in its order: the core's own list."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from laiobench.native._core import ffi, lib
from laiobench.native.structures import text_of


@dataclass(frozen=True)
class LatencyType:
    """Which I/Os have a latency."""

    is_of_every_io: bool
    """If false, only I/Os have it that a schedule makes due at a given time."""


def _all() -> Iterator[tuple[str, LatencyType]]:
    for number in count():
        native = lib.latency_type(number)
        if native == ffi.NULL:
            return
        yield text_of(native.name), LatencyType(bool(native.is_of_every_io))


LATENCIES = dict(_all())
"""By name.  Documents append the unit: `lat` is `lat_ns` there."""

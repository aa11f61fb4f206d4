"""What a job did over time, in a bounded amount of memory.

Each point keeps the histogram of its interval, so when there are too many
points, neighbours are merged exactly: the intervals become twice as long, and
nothing is averaged.
"""

import zlib
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

Bins = list[tuple[int, int]]
"""A histogram bin's index, and its count."""


@dataclass(frozen=True)
class Interval:
    """An interval, by its end (CLOCK_MONOTONIC, ns); `packed` holds its compressed bins."""

    end_ns: int
    ios: int
    size_bytes: int
    packed: bytes
    max_ns: int
    """An upper bound of its latencies; the longest I/O may belong to an earlier interval."""

    @property
    def bins(self) -> Bins:
        """The interval's latencies."""
        flat = array("Q", zlib.decompress(self.packed))
        return list(zip(flat[::2], flat[1::2], strict=True))


def make_interval(end_ns: int, ios: int, size_bytes: int, bins: Bins, max_ns: int) -> Interval:
    """An interval with its bins compressed, since most are never read again."""
    flat = array("Q", [number for pair in bins for number in pair])
    return Interval(end_ns, ios, size_bytes, zlib.compress(flat.tobytes(), 1), max_ns)


def merge(first: Interval, second: Interval) -> Interval:
    """Two neighbouring intervals as one."""
    counts = Counter(dict(first.bins))
    counts.update(dict(second.bins))
    return make_interval(
        second.end_ns,
        first.ios + second.ios,
        first.size_bytes + second.size_bytes,
        sorted(counts.items()),
        max(first.max_ns, second.max_ns),
    )


class Series:
    """Points in order of time, at most `limit` of them."""

    def __init__(self, limit: int = 512) -> None:
        self._limit = limit
        self._points: list[Interval] = []
        self._samples_per_point = 1
        self._open: Interval | None = None  # collects intervals until it is as long as a point
        self._samples_open = 0

    def __iter__(self) -> Iterator[Interval]:
        yield from self._points
        if self._open is not None:
            yield self._open

    def add(self, point: Interval) -> None:
        """Add the newest interval."""
        self._open = point if self._open is None else merge(self._open, point)
        self._samples_open += 1
        if self._samples_open == self._samples_per_point:
            self._points.append(self._open)
            self._open, self._samples_open = None, 0
            if len(self._points) == self._limit:
                self._halve()

    def _halve(self) -> None:
        pairs = zip(self._points[::2], self._points[1::2], strict=True)
        self._points = [merge(first, second) for first, second in pairs]
        self._samples_per_point *= 2

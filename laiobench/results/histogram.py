"""Latency histograms: HdrHistogram's layout, and what can be computed from one.

The layout is the core's (`histogram.h`): unit 1 ns, 3 significant digits, values up to 60 s.
Larger values overflow: only their number and the largest of them are known.  Documents name
a bin by the largest value that it counts, as HdrHistogram prints it.  Pure functions.
"""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from itertools import accumulate

SUB_BUCKET_BITS = 11
OVERFLOW_BIN = 27648
"""The index under which the core counts values above 60 s, which have no bin."""

Bins = Sequence[tuple[int, int]]
"""(index of a bin, count in it), ascending by index."""

# The percentages that fio prints, so that the two can be compared line by line.
PERCENTILES = (
    1.0, 5.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0,
    90.0, 95.0, 99.0, 99.5, 99.9, 99.95, 99.99,
)  # fmt: skip


@cache  # a run with many jobs asks for the same ones again and again
def bin_low(index: int) -> int:
    """The smallest value that a bin counts, in ns."""
    half_bits = SUB_BUCKET_BITS - 1
    bucket, sub_bucket = index >> half_bits, index & ((1 << half_bits) - 1)
    if bucket == 0:
        return sub_bucket
    return (sub_bucket + (1 << half_bits)) << (bucket - 1)


@cache
def bin_high(index: int) -> int:
    """The largest value that a bin counts, in ns."""
    return bin_low(index + 1) - 1


@cache
def bin_middle(index: int) -> float:
    """The value, in ns, that stands for all values of a bin."""
    return (bin_low(index) + bin_high(index)) / 2


@dataclass(frozen=True)
class Histogram:
    """Counts by bin, with exact extremes and sum in ns; `overflow` counts values above 60 s."""

    bins: Bins
    min: int
    max: int
    sum: int
    overflow: int = 0

    @cached_property
    def count(self) -> int:
        return sum(count for _, count in self.bins) + self.overflow

    @property
    def mean(self) -> float:
        """The exact mean; 0 without values."""
        return self.sum / self.count if self.count else 0.0

    @property
    def stddev(self) -> float:
        """From the middles of the bins, as HdrHistogram does; overflowed values count as max."""
        total, mean = self.count, self.mean
        if not total:
            return 0.0
        squares = self.overflow * (self.max - mean) ** 2
        for index, count in self.bins:
            squares += count * (bin_middle(index) - mean) ** 2
        return math.sqrt(squares / total)

    def percentiles(self, wanted: Sequence[float] = PERCENTILES) -> dict[float, int]:
        """Percentiles in ns by nearest rank: the largest value of the bin that has the rank.

        Never above `max`; `max` where the rank is among values that overflowed.  Empty
        without values.
        """
        pairs = [(bin_high(index), count) for index, count in self.bins]
        return Counts(pairs, self.max, self.overflow).percentiles(wanted)


@dataclass(frozen=True)
class Counts:
    """A histogram as documents have it: bins are named by their largest values."""

    pairs: Sequence[tuple[int, int]]
    """(largest value of a bin in ns, count in it), ascending."""
    max: int
    overflow: int = 0
    """How many values are above all bins; none is above `max`."""

    def percentiles(self, wanted: Sequence[float]) -> dict[float, int]:
        """See `Histogram.percentiles`."""
        up_to = list(accumulate(count for _, count in self.pairs))
        total = (up_to[-1] if up_to else 0) + self.overflow
        if not total:
            return {}
        places = {at: bisect_left(up_to, _rank(at, total)) for at in sorted(wanted)}
        return {
            at: min(self.pairs[place][0], self.max) if place < len(self.pairs) else self.max
            for at, place in places.items()
        }


def added(parts: Iterable[Counts]) -> Counts:
    """The sum of several histograms, such as those of a job's copies."""
    parts = list(parts)
    pairs: Counter[int] = Counter()
    for part in parts:
        for high, count in part.pairs:
            pairs[high] += count
    return Counts(
        sorted(pairs.items()),
        max((part.max for part in parts), default=0),
        sum(part.overflow for part in parts),
    )


def counts_of_bins(bins: Bins, maximum: int) -> Counts:
    """The core's bins as documents have them; what `OVERFLOW_BIN` counts becomes `overflow`."""
    return Counts(
        [(bin_high(index), count) for index, count in bins if index < OVERFLOW_BIN],
        maximum,
        sum(count for index, count in bins if index >= OVERFLOW_BIN),
    )


def _rank(percentage: float, total: int) -> int:
    """The rank of a percentile among `total` values, from 1."""
    return max(1, math.ceil(_share(percentage) * total))


@cache
def _share(percentage: float) -> Fraction:
    """The percentage as an exact fraction: 99.9 has no exact float, which shows at large counts."""
    return Fraction(repr(float(percentage))) / 100

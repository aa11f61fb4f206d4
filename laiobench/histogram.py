"""Latency histograms: HdrHistogram's layout, and what is read from it.

The layout is the core's (`histogram.h`): unit 1 ns, 3 significant digits, up
to 60 s.  Pure functions of counts.  A bin is known by the largest value that
it counts, which is what HdrHistogram prints as well.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import accumulate

SUB_BUCKET_BITS = 11

Bins = Sequence[tuple[int, int]]
"""Index of a bin, and the count in it; ascending."""

# What fio prints, so that the two can be laid side by side.
PERCENTILES = (
    1.0, 5.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0,
    90.0, 95.0, 99.0, 99.5, 99.9, 99.95, 99.99,
)  # fmt: skip


@cache  # a run with many jobs asks for the same ones again and again
def bin_low(index: int) -> int:
    """The smallest value counted in a bin."""
    half_bits = SUB_BUCKET_BITS - 1
    bucket, sub_bucket = index >> half_bits, index & ((1 << half_bits) - 1)
    if bucket == 0:
        return sub_bucket
    return (sub_bucket + (1 << half_bits)) << (bucket - 1)


@cache
def bin_high(index: int) -> int:
    """The largest value counted in a bin."""
    return bin_low(index + 1) - 1


@cache
def bin_middle(index: int) -> float:
    """What its values are taken for."""
    return (bin_low(index) + bin_high(index)) / 2


@dataclass(frozen=True)
class Histogram:
    """Counts by bin, with the exact extremes and sum; `overflow` counts values above 60 s."""

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
        """Exact; 0 without values."""
        return self.sum / self.count if self.count else 0.0

    @property
    def stddev(self) -> float:
        """From the middles of the bins, as HdrHistogram does; what overflowed counts as max."""
        total, mean = self.count, self.mean
        if not total:
            return 0.0
        squares = self.overflow * (self.max - mean) ** 2
        for index, count in self.bins:
            squares += count * (bin_middle(index) - mean) ** 2
        return math.sqrt(squares / total)

    def percentiles(self, wanted: Sequence[float] = PERCENTILES) -> dict[float, int]:
        """The values that these percentages of all do not exceed: the nearest rank's bin.

        Never above `max`.  Empty without values.
        """
        return percentiles(self.bins, wanted, self.max, self.overflow)


def percentiles(
    bins: Bins, wanted: Sequence[float], maximum: int | None = None, overflow: int = 0
) -> dict[float, int]:
    """Percentiles of bare counts; see `Histogram.percentiles`."""
    up_to = list(accumulate(count for _, count in bins))
    total = (up_to[-1] if up_to else 0) + overflow
    if not total:
        return {}
    if maximum is None:
        maximum = bin_high(bins[-1][0])
    highs = (bisect_left(up_to, _rank(percentage, total)) for percentage in sorted(wanted))
    return {
        percentage: min(bin_high(bins[at][0]), maximum) if at < len(bins) else maximum
        for percentage, at in zip(sorted(wanted), highs, strict=True)
    }


def percentile_of(counts: Sequence[tuple[int, int]], percentage: float) -> int:
    """Of counts as documents have them: a bin's largest value, and how many; ascending."""
    up_to = list(accumulate(count for _, count in counts))
    return counts[bisect_left(up_to, _rank(percentage, up_to[-1]))][0]


def _rank(percentage: float, total: int) -> int:
    """How many values the percentile must not be below; exact where floats are not."""
    return max(1, math.ceil(round(percentage * 10_000) * total / 1_000_000))

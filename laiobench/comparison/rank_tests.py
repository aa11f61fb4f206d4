"""Rank tests: p-values and intervals of a shift, paired and unpaired.

Knows numbers, and nothing of jobs, metrics or files.  A *pair* is two trials that were run
next to each other, one of each variant.  Its log(variant / baseline) is analysed, so that a
shift is a ratio.  n counts trials; the I/Os of a trial are correlated and never count as n.

Paired: the Hodges-Lehmann estimate, the median of all Walsh averages, with the
interval that inverts Wilcoxon's exact signed-rank test (Hollander, Wolfe and
Chicken, Nonparametric Statistical Methods, 3rd ed., § 3.2, 3.3).  Its coverage is
exact without ties; with ties and zeros the closed interval covers at least as
often (Noether 1967), since a Walsh average of 0 counts against either side.

Unpaired: the median of all differences, with the interval that inverts the
Mann-Whitney test (ibid., § 4.2, 4.3); the p-value is the larger one of that test's
and Brunner and Munzel's, which does not assume equal spreads.

Needs numpy; scipy is imported only by the two functions that use a test of scipy's.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from laiobench.comparison.numerics import np, scipy

if TYPE_CHECKING:
    from laiobench.comparison.numerics import Floats


ALPHA = 0.05
MIN_PAIRS = 6
"""The fewest pairs that have an interval of 95 %: five signs all agree by chance 1 time in 16."""

_EXACT_UP_TO = 500
_EXACT_UNPAIRED_UP_TO = 120
_EXACT_WAYS_UP_TO = 2_000_000
"""The most steps for counting the ways in which ranks can be chosen: they take a second."""


@dataclass(frozen=True)
class Interval:
    """An estimate and its bounds, which are infinite where n is too small."""

    estimate: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        return self.low > 0 or self.high < 0

    @property
    def width(self) -> float:
        return self.high - self.low

    @property
    def is_bounded(self) -> bool:
        return math.isfinite(self.low) and math.isfinite(self.high)

    def ratio(self) -> "Interval":
        """The interval of a shift of logarithms, as an interval of the ratio."""
        return Interval(_exp(self.estimate), _exp(self.low), _exp(self.high))


def hodges_lehmann(differences: Sequence[float], alpha: float = ALPHA) -> Interval:
    """The median of the Walsh averages, and the exact signed-rank interval."""
    walsh = _walsh_averages(finite(differences))
    return _order_interval(walsh, signed_rank_cut(len(differences), alpha / 2))


def middle_of(d: "Floats") -> float:
    """The Hodges-Lehmann estimate alone."""
    return float(np.median(_walsh_averages(d)))


def signed_rank_p(differences: Sequence[float]) -> float:
    """Two-sided and exact; a Walsh average of 0 counts for either side, which is conservative."""
    d = finite(differences)
    walsh = _walsh_averages(d)
    not_above = int(np.searchsorted(walsh, 0.0, side="right"))
    not_below = len(walsh) - int(np.searchsorted(walsh, 0.0, side="left"))
    statistic = min(not_above, not_below)
    if len(d) > _EXACT_UP_TO:
        return min(1.0, 2 * _normal_tail(statistic, len(walsh), _signed_rank_deviation(len(d))))
    return float(min(1.0, 2 * _signed_rank_cdf(len(d))[statistic]))


def pairs_for_interval(alpha: float = ALPHA) -> int:
    """The fewest pairs that have an interval of this level at all: 6 at 95 %."""
    check_share(alpha)
    return max(1, math.ceil(1 - math.log2(alpha)))


def _walsh_averages(d: "Floats") -> "Floats":
    """All (d_i + d_j) / 2 with i ≤ j, ascending."""
    first, second = np.triu_indices(len(d))
    return np.sort(d[first] / 2 + d[second] / 2)


@cache
def _signed_rank_cdf(n: int) -> "Floats":
    """P(W ≤ w) for w = 0 … n(n+1)/2: each rank is counted or not, with even chances."""
    top = n * (n + 1) // 2
    chances = np.zeros(top + 1)
    chances[0] = 1.0
    for rank in range(1, n + 1):
        chances[rank:] += chances[:-rank].copy()
        chances /= 2
    return np.cumsum(chances)


def signed_rank_cut(n: int, tail: float) -> int:
    if n > _EXACT_UP_TO:
        return _normal_cut(n * (n + 1) // 2, _signed_rank_deviation(n), tail)
    return _largest_cut(_signed_rank_cdf(n), tail)


def _signed_rank_deviation(n: int) -> float:
    return math.sqrt(n * (n + 1) * (2 * n + 1) / 24)


def shift_interval(
    baseline: Sequence[float], new: Sequence[float], alpha: float = ALPHA
) -> Interval:
    """The median of all differences new − baseline, and the exact Mann-Whitney interval."""
    x, y = finite(baseline), finite(new)
    differences = np.subtract.outer(y, x).ravel()
    return _order_interval(differences, mann_whitney_cut(len(x), len(y), alpha / 2))


def mann_whitney_brunner_munzel_p(baseline: Sequence[float], new: Sequence[float]) -> float:
    """The larger of both tests' p: neither unequal spreads nor small n make a difference of none.

    Brunner and Munzel's test has no answer where the samples do not overlap, or
    have fewer than 2 values; then Mann-Whitney's alone is.
    """
    stats = scipy("stats")
    x, y = finite(baseline), finite(new)
    by_ranks = _mann_whitney_p(x, y)
    separate = x.max() < y.min() or y.max() < x.min()
    if separate or min(len(x), len(y)) < 2 or np.ptp(np.concatenate([x, y])) == 0:
        return by_ranks
    without_assumption = float(stats.brunnermunzel(x, y).pvalue)
    return max(by_ranks, without_assumption) if math.isfinite(without_assumption) else by_ranks


def _mann_whitney_p(x: "Floats", y: "Floats") -> float:
    """Two-sided; a tie counts for either side, which is conservative."""
    differences = np.subtract.outer(y, x)
    statistic = min(int((differences >= 0).sum()), int((differences <= 0).sum()))
    n, m = len(x), len(y)
    if is_exact(n, m):
        return float(min(1.0, 2 * _mann_whitney_cdf(*sorted((n, m)))[statistic]))
    return min(1.0, 2 * _normal_tail(statistic, n * m, _mann_whitney_deviation(n, m)))


def can_differ(n: int, m: int, alpha: float = ALPHA) -> bool:
    """Whether two samples of these sizes could show any difference at this level."""
    return bool(n and m and mann_whitney_cut(n, m, alpha / 2) >= 0)


def is_exact(n: int, m: int) -> bool:
    """Whether the exact distribution is used, rather than its normal approximation.

    The size of the smaller sample decides: with few ranks in it, the tails are not normal.
    """
    few = min(n, m)
    return n + m <= _EXACT_UNPAIRED_UP_TO or n * m * few <= _EXACT_WAYS_UP_TO


@cache
def _mann_whitney_cdf(m: int, n: int) -> "Floats":
    """P(U ≤ u) for u = 0 … n·m, by the ways to choose ranks (Gaussian binomials).

    Args:
        m: size of the smaller sample; counting takes n·m² steps.
        n: size of the other one.
    """
    top = n * m
    ways = [1] + [0] * top  # exact integers: the counts exceed what floats hold
    for rank in range(n + 1, n + m + 1):
        for u in range(top, rank - 1, -1):
            ways[u] -= ways[u - rank]
    for rank in range(1, m + 1):
        for u in range(rank, top + 1):
            ways[u] += ways[u - rank]
    total = math.comb(n + m, n)
    running, cdf = 0, []
    for count in ways:
        running += count
        cdf.append(running / total)
    return np.array(cdf)


def mann_whitney_cut(n: int, m: int, tail: float) -> int:
    if not is_exact(n, m):
        return _normal_cut(n * m, _mann_whitney_deviation(n, m), tail)
    return _largest_cut(_mann_whitney_cdf(*sorted((n, m))), tail)


def _mann_whitney_deviation(n: int, m: int) -> float:
    return math.sqrt(n * m * (n + m + 1) / 12)


@dataclass(frozen=True)
class WidthRule:
    """When a comparison may stop: by the width of the interval, never by where it lies.

    `width` is of the ratio: 0.02 if the high bound is 2 % above the low one.
    """

    width: float
    min_pairs: int = MIN_PAIRS

    def is_met(self, interval: Interval, pairs: int) -> bool:
        """Whether an interval of logarithms is narrow enough, after so many pairs."""
        narrow = interval.is_bounded and interval.width <= math.log1p(self.width)
        return pairs >= self.min_pairs and narrow


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values: of those at most q, a share of at most q are expected to be false."""
    if not p_values:
        return []
    adjusted = scipy("stats").false_discovery_control(list(p_values), method="bh")
    return [float(p) for p in adjusted]


# ---- parts of the tests ----------------------------------------------------------


def finite(values: Sequence[float]) -> "Floats":
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or not len(array) or not np.isfinite(array).all():
        raise ValueError("values must be finite, and at least one")
    return array


def check_share(alpha: float) -> None:
    if not 0 < alpha < 1:
        raise ValueError("alpha must be between 0 and 1")


def _largest_cut(cdf: "Floats", tail: float) -> int:
    """The largest value of a statistic that is still in the tail; −1 if none is."""
    # Sums of exact binary fractions may be off in the last bit.
    return int(np.searchsorted(cdf, tail * (1 + 1e-12), side="right")) - 1


def _order_interval(values: "Floats", cut: int) -> Interval:
    """The interval between order statistics, with `cut` of them left out on either side."""
    last = len(values) - 1
    if cut < 0:
        return Interval(float(np.median(values)), -math.inf, math.inf)
    middle = [last // 2, last - last // 2]
    parted = np.partition(values, sorted({cut, last - cut, *middle}))
    estimate = float(parted[middle].mean())
    return Interval(estimate, float(parted[cut]), float(parted[last - cut]))


def _normal_tail(statistic: int, top: int, deviation: float) -> float:
    """P(S ≤ s) of a symmetrical statistic from 0 to `top`, with the correction for continuity."""
    return 0.5 * math.erfc(-(statistic + 0.5 - top / 2) / (deviation * math.sqrt(2)))


def _normal_cut(top: int, deviation: float, tail: float) -> int:
    return max(-1, math.floor(top / 2 - 0.5 + normal_quantile(tail) * deviation))


def normal_quantile(share: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(share)


def _exp(value: float) -> float:
    return math.exp(value) if value < 700 else math.inf

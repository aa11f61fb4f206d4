"""Power: how small a shift so many trials would have shown, and how many show one.

Simulated for few trials, by the asymptotic efficiency of ranks for many.  Knows numbers alone.
"""

import math
from bisect import bisect_left
from functools import cache
from typing import TYPE_CHECKING, Any

from laiobench.comparison.anytime import fewest_pairs, log_evidence
from laiobench.comparison.numerics import np
from laiobench.comparison.rank_tests import (
    ALPHA,
    MIN_PAIRS,
    can_differ,
    is_exact,
    mann_whitney_cut,
    normal_quantile,
    pairs_for_interval,
    signed_rank_cut,
)

if TYPE_CHECKING:
    from laiobench.comparison.numerics import Floats

POWER = 0.80
_SIMULATED_UP_TO = 60
_SIMULATIONS = 2000
_SEED = 20_170_401  # of simulations that answer questions about power: the same answer each time
# Of ranks against means, when noise is normal: the asymptotic relative efficiency.
_RANK_EFFICIENCY = 3 / math.pi


# ---- what can be seen ------------------------------------------------------------


@cache
def visible_in_spreads(
    pairs: int, alpha: float = ALPHA, power: float = POWER, freedom: int | None = None
) -> float:
    """The shift, in standard deviations of the pairs, that shows with this power.

    For normal noise.  Up to 60 pairs by simulating the exact test, whose levels
    are discrete; from there on by the test's asymptotic efficiency, 3/π.
    Infinite where the pairs are too few for any interval.

    Args:
        pairs: how many there will be.
        alpha: of the test that is to show it.
        power: in how many of the cases it shows.
        freedom: the deviation is known from so many + 1 pairs only, and may be larger than
            it seems; with so many, and other pairs, the power is this on average.
            None: it is known.
    """
    if pairs < pairs_for_interval(alpha):
        return math.inf
    generator = np.random.default_rng(_SEED)
    if pairs > _SIMULATED_UP_TO:
        return _asymptotic(alpha, power, freedom) / math.sqrt(_RANK_EFFICIENCY * pairs)
    cut = signed_rank_cut(pairs, alpha / 2)
    noise = generator.standard_normal((_SIMULATIONS, pairs))
    known = _known(generator, freedom)

    def seen(shift: float) -> float:
        values = noise + shift * known[:, np.newaxis]
        ranks = np.abs(values).argsort(axis=1).argsort(axis=1) + 1
        return float(np.mean((ranks * (values < 0)).sum(axis=1) <= cut))

    return _smallest(seen, power)


@cache
def visible_anytime(
    pairs: int, alpha: float = ALPHA, power: float = POWER, freedom: int | None = None
) -> float:
    """The same of the always-valid interval: what shows until so many pairs are there.

    Simulated up to 60 pairs; from there on as wide as at 60, narrowed by the square root of
    log n / n.
    """
    if pairs < fewest_pairs(alpha):
        return math.inf
    if pairs > _SIMULATED_UP_TO:
        at_most = visible_anytime(_SIMULATED_UP_TO, alpha, power, freedom)
        wider = math.log(pairs) / math.log(_SIMULATED_UP_TO)
        return at_most * math.sqrt(wider * _SIMULATED_UP_TO / pairs)
    generator = np.random.default_rng(_SEED)
    noise = generator.standard_normal((_SIMULATIONS // 2, pairs))
    known = _known(generator, freedom)[: len(noise)]

    def seen(shift: float) -> float:
        evidence = log_evidence(noise + shift * known[:, np.newaxis])[:, -1]
        return float(np.mean(evidence >= -math.log(alpha)))

    return _smallest(seen, power)


def _known(generator: Any, freedom: int | None) -> "Floats":
    """How the deviations that are found compare with the true one, in as many simulations."""
    if freedom is None:
        return np.ones(_SIMULATIONS)
    if freedom < 1:
        return np.zeros(_SIMULATIONS) + 1e-9  # of one pair nothing is known
    found: Floats = np.sqrt(generator.chisquare(freedom, _SIMULATIONS) / freedom)
    return found


def _asymptotic(alpha: float, power: float, freedom: int | None) -> float:
    """The z that a shift must have, on the average of what its deviation may be."""
    if freedom is None:
        return _z_sum(alpha, power)
    known = _known(np.random.default_rng(_SEED), freedom)
    beyond = normal_quantile(1 - alpha / 2)

    def seen(z: float) -> float:
        return float(np.mean([_normal_cdf(z * each - beyond) for each in known[::4]]))

    return _smallest(seen, power)


def _normal_cdf(value: float) -> float:
    return 0.5 * math.erfc(-value / math.sqrt(2))


@cache
def visible_in_spreads_unpaired(
    n: int, m: int, alpha: float = ALPHA, power: float = POWER
) -> float:
    """As `visible_in_spreads`, for the Mann-Whitney test of n against m values."""
    if not can_differ(n, m, alpha):
        return math.inf
    if not is_exact(n, m):
        return _z_sum(alpha, power) * math.sqrt((1 / n + 1 / m) / _RANK_EFFICIENCY)
    cut = mann_whitney_cut(n, m, alpha / 2)
    noise = np.random.default_rng(_SEED).standard_normal((_SIMULATIONS, n + m))

    def seen(shift: float) -> float:
        values = noise.copy()
        values[:, n:] += shift
        ranks = values.argsort(axis=1).argsort(axis=1) + 1
        not_above = n * m + m * (m + 1) // 2 - ranks[:, n:].sum(axis=1)
        return float(np.mean(not_above <= cut))

    return _smallest(seen, power)


def pairs_to_see(
    shift: float,
    spread: float,
    alpha: float = ALPHA,
    power: float = POWER,
    freedom: int | None = None,
) -> int:
    """How many pairs show a shift of logarithms, where pairs spread so much.

    Args:
        shift, spread: of logarithms.
        alpha, power, freedom: as in `visible_in_spreads`.
    """
    fewest = max(MIN_PAIRS, pairs_for_interval(alpha))
    if spread <= 0:
        return fewest
    wanted = abs(shift) / spread
    if wanted <= 0:
        raise ValueError("a shift of nothing is never seen")
    sizes = range(fewest, _SIMULATED_UP_TO + 1)
    # The more pairs, the smaller what shows: so bisect, for ascending negatives.
    at = bisect_left(sizes, -wanted, key=lambda n: -visible_in_spreads(n, alpha, power, freedom))
    if at < len(sizes):
        return sizes[at]
    needed = (_asymptotic(alpha, power, freedom) / wanted) ** 2 / _RANK_EFFICIENCY
    return max(_SIMULATED_UP_TO + 1, math.ceil(needed))


def pairs_for_width(width: float, spread: float, alpha: float = ALPHA) -> int:
    """How many pairs narrow the interval of logarithms down to about this width."""
    fewest = max(MIN_PAIRS, pairs_for_interval(alpha))
    if width <= 0:
        raise ValueError("a width must be above 0")
    needed = (2 * normal_quantile(1 - alpha / 2) * spread / width) ** 2 / _RANK_EFFICIENCY
    return max(fewest, math.ceil(needed))


def _smallest(seen: Any, power: float) -> float:
    """The smallest shift that is seen so often; what is seen grows with the shift."""
    low, high = 0.0, 1.0
    while seen(high) < power:
        low, high = high, 2 * high
    for _ in range(9):
        middle = (low + high) / 2
        low, high = (low, middle) if seen(middle) >= power else (middle, high)
    return high


def _z_sum(alpha: float, power: float) -> float:
    return normal_quantile(1 - alpha / 2) + normal_quantile(power)

"""Power: the smallest shift that a number of trials shows, and the number that shows a shift.

For few trials by simulation, for many by the asymptotic efficiency of ranks.  Knows numbers
alone.
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
_SEED = 20_170_401  # of simulations: fixed, so that a question has the same answer each time
# The asymptotic relative efficiency of ranks against means, for normal noise.
_RANK_EFFICIENCY = 3 / math.pi


# ---- what can be seen ------------------------------------------------------------


@cache
def visible_in_spreads(
    pairs: int, alpha: float = ALPHA, power: float = POWER, freedom: int | None = None
) -> float:
    """The shift, in standard deviations of the pairs, that shows with this power.

    For normal noise.  Up to 60 pairs the exact test is simulated, since its levels are
    discrete; above, its asymptotic efficiency, 3/π, is used.  Infinite if the pairs are too
    few for any interval.

    Args:
        pairs: how many there will be.
        alpha: the level of the test is 1 − alpha.
        power: the share of cases in which the shift shows.
        freedom: the standard deviation is estimated from `freedom` + 1 other pairs, and may
            be larger than estimated; the power then holds on average over its
            uncertainty.  None: the deviation is known.
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
    """As `visible_in_spreads`, for the anytime-valid interval after so many pairs.

    Simulated up to 60 pairs; above, the value at 60 is scaled by the square root of
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
    """Estimated / true standard deviation, one for each simulation; all 1 if it is known."""
    if freedom is None:
        return np.ones(_SIMULATIONS)
    if freedom < 1:
        return np.zeros(_SIMULATIONS) + 1e-9  # one pair tells nothing of the deviation
    found: Floats = np.sqrt(generator.chisquare(freedom, _SIMULATIONS) / freedom)
    return found


def _asymptotic(alpha: float, power: float, freedom: int | None) -> float:
    """The z-score at which a shift shows with this power.

    It is averaged over what the true deviation may be.
    """
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
    """How many pairs show a shift.

    Args:
        shift: of logarithms.
        spread: standard deviation of the pairs' log ratios.
        alpha, power, freedom: as in `visible_in_spreads`.

    Raises:
        ValueError: the shift is 0.
    """
    fewest = max(MIN_PAIRS, pairs_for_interval(alpha))
    if spread <= 0:
        return fewest
    wanted = abs(shift) / spread
    if wanted <= 0:
        raise ValueError("a shift of nothing is never seen")
    sizes = range(fewest, _SIMULATED_UP_TO + 1)
    # What shows gets smaller with more pairs; bisect needs ascending keys, so negate.
    at = bisect_left(sizes, -wanted, key=lambda n: -visible_in_spreads(n, alpha, power, freedom))
    if at < len(sizes):
        return sizes[at]
    needed = (_asymptotic(alpha, power, freedom) / wanted) ** 2 / _RANK_EFFICIENCY
    return max(_SIMULATED_UP_TO + 1, math.ceil(needed))


def pairs_for_width(width: float, spread: float, alpha: float = ALPHA) -> int:
    """How many pairs make the interval about as narrow as `width`; all are of logarithms.

    Raises:
        ValueError: the width is not above 0.
    """
    fewest = max(MIN_PAIRS, pairs_for_interval(alpha))
    if width <= 0:
        raise ValueError("a width must be above 0")
    needed = (2 * normal_quantile(1 - alpha / 2) * spread / width) ** 2 / _RANK_EFFICIENCY
    return max(fewest, math.ceil(needed))


def _smallest(seen: Any, power: float) -> float:
    """The smallest shift that `seen` reports with this power; `seen` grows with the shift."""
    low, high = 0.0, 1.0
    while seen(high) < power:
        low, high = high, 2 * high
    for _ in range(9):
        middle = (low + high) / 2
        low, high = (low, middle) if seen(middle) >= power else (middle, high)
    return high


def _z_sum(alpha: float, power: float) -> float:
    return normal_quantile(1 - alpha / 2) + normal_quantile(power)

"""Sign-flip tests: tests several quantities of the same pairs together.

If two sides do not differ, each pair might as well have been the other way round, so the
differences of all its quantities can change sign together.  Comparing the largest
studentised mean over all quantities with that of all flips is an exact test of "nothing
differs", however the quantities depend on each other (Westfall and Young, Resampling-Based
Multiple Testing, 1993, § 2; Winkler and others, NeuroImage 92, 2014).  Knows numbers alone.

The statistic is |mean| / √(Σ d²).  For a given number of pairs it is an increasing function
of |t|, and it exists also where all differences are equal and t does not.
"""

import math
from typing import TYPE_CHECKING

from laiobench.comparison.numerics import np

if TYPE_CHECKING:
    from laiobench.comparison.numerics import Floats

_ALL_UP_TO = 13
"""Pairs up to which all flips are used, 4,096 without mirrored ones; above, as many are drawn."""
_DRAWN = 4_095
_SEED = 1_993  # fixed, so that the same pairs give the same answer
_SAME = 1 - 1e-12


def largest_t_p(differences: "Floats") -> "Floats":
    """For each quantity, the probability that chance makes any quantity differ as much.

    Args:
        differences: a row for each pair, a column for each quantity; all finite.
    """
    directions = _directions(differences)
    largest = _largest(directions)
    own = np.abs(directions.sum(axis=0))
    above = (largest[:, None] >= own[None, :] * _SAME).mean(axis=0)
    return np.asarray(above, dtype=np.float64)


def fewest_pairs(alpha: float) -> int:
    """The fewest pairs that can show a difference at this level."""
    return 1 + math.ceil(-math.log2(alpha))


def bands(differences: "Floats", alpha: float) -> tuple["Floats", "Floats", "Floats"]:
    """(means, low bounds, high bounds); bounds hold for all quantities together at 1 − alpha.

    Exact if nothing differs: any bound then excludes 0 in at most a share alpha of cases.
    Bounds are infinite where there are too few pairs.

    Args:
        differences: a row for each pair, a column for each quantity; all finite.
    """
    pairs = len(differences)
    mean = differences.mean(axis=0)
    limit = float(np.quantile(_largest(_directions(differences)), 1 - alpha, method="higher"))
    # A mean exactly at the limit is within it.
    if pairs < fewest_pairs(alpha) or limit >= _SAME * math.sqrt(pairs):
        return mean, np.full_like(mean, -np.inf), np.full_like(mean, np.inf)
    t = limit * math.sqrt((pairs - 1) / (pairs - limit * limit))
    error = differences.std(axis=0, ddof=1) / math.sqrt(pairs)
    return mean, mean - t * error, mean + t * error


def _directions(differences: "Floats") -> "Floats":
    """Each column scaled to length 1; a column of zeros stays."""
    length = np.sqrt((differences**2).sum(axis=0))
    return np.asarray(differences / np.where(length > 0, length, 1.0), dtype=np.float64)


def _largest(directions: "Floats") -> "Floats":
    """The largest statistic of all quantities, for each flip; the first one flips nothing."""
    found = np.abs(_flips(len(directions)) @ directions).max(axis=1, initial=0.0)
    return np.asarray(found, dtype=np.float64)


def _flips(pairs: int) -> "Floats":
    """A row of signs, 1 or −1, for each flip."""
    if pairs <= _ALL_UP_TO:
        numbers = np.arange(2 ** max(0, pairs - 1))
        mirrored = (numbers[:, None] >> np.arange(pairs)) & 1
    else:
        mirrored = np.random.default_rng(_SEED).integers(0, 2, (_DRAWN + 1, pairs))
        mirrored[0] = 0
    return np.asarray(1 - 2 * mirrored, dtype=np.float64)

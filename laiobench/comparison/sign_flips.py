"""Sign flips: several differences of the same pairs, tested together.

Where two sides do not differ, each pair might as well have been the other way round: its
differences, of all quantities at once, get a coin's sign.  The largest studentised mean
over all quantities, among those of all flips, is an exact test of "nothing differs" however
the quantities depend on each other (Westfall and Young, Resampling-Based Multiple Testing,
1993, § 2; Winkler and others, NeuroImage 92, 2014).  Knows numbers alone.

|mean| / √(Σ d²) grows with |t| and has no other argument than it, for a number of pairs; it
is what is compared, since it is there also where nothing spreads.
"""

import math
from typing import TYPE_CHECKING

from laiobench.comparison.numerics import np

if TYPE_CHECKING:
    from laiobench.comparison.numerics import Floats

_ALL_UP_TO = 13
"""Pairs: 4,096 flips, the mirrored ones left out.  Of more pairs as many are drawn."""
_DRAWN = 4_095
_SEED = 1_993  # the same answer each time
_SAME = 1 - 1e-12


def largest_t_p(differences: "Floats") -> "Floats":
    """For each quantity how often no difference at all would show one like it in any.

    Args:
        differences: a row for each pair, a column for each quantity; all finite.
    """
    directions = _directions(differences)
    largest = _largest(directions)
    own = np.abs(directions.sum(axis=0))
    above = (largest[:, None] >= own[None, :] * _SAME).mean(axis=0)
    return np.asarray(above, dtype=np.float64)


def fewest_pairs(alpha: float) -> int:
    """That can show anything at this level."""
    return 1 + math.ceil(-math.log2(alpha))


def bands(differences: "Floats", alpha: float) -> tuple["Floats", "Floats", "Floats"]:
    """Means, and bounds that hold for all quantities together at 1 − alpha.

    Exact where nothing differs: then a bound excludes 0 anywhere in at most alpha of the cases.
    Bounds are infinite where there are too few pairs.
    """
    pairs = len(differences)
    mean = differences.mean(axis=0)
    limit = float(np.quantile(_largest(_directions(differences)), 1 - alpha, method="higher"))
    # Whoever is exactly at the limit is within.
    if pairs < fewest_pairs(alpha) or limit >= _SAME * math.sqrt(pairs):
        return mean, np.full_like(mean, -np.inf), np.full_like(mean, np.inf)
    t = limit * math.sqrt((pairs - 1) / (pairs - limit * limit))
    error = differences.std(axis=0, ddof=1) / math.sqrt(pairs)
    return mean, mean - t * error, mean + t * error


def _directions(differences: "Floats") -> "Floats":
    """Each column at a length of 1; one of zeros stays so."""
    length = np.sqrt((differences**2).sum(axis=0))
    return np.asarray(differences / np.where(length > 0, length, 1.0), dtype=np.float64)


def _largest(directions: "Floats") -> "Floats":
    """Over all quantities, for each flip; the first one flips nothing."""
    found = np.abs(_flips(len(directions)) @ directions).max(axis=1, initial=0.0)
    return np.asarray(found, dtype=np.float64)


def _flips(pairs: int) -> "Floats":
    """Rows of signs."""
    if pairs <= _ALL_UP_TO:
        numbers = np.arange(2 ** max(0, pairs - 1))
        mirrored = (numbers[:, None] >> np.arange(pairs)) & 1
    else:
        mirrored = np.random.default_rng(_SEED).integers(0, 2, (_DRAWN + 1, pairs))
        mirrored[0] = 0
    return np.asarray(1 - 2 * mirrored, dtype=np.float64)

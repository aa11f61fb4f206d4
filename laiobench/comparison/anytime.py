"""Always valid: what may be said of a shift however often one looks, and whenever one ends.

Knows numbers alone.  A pair's sign is a coin where there is no shift, whatever its size
is, so one may bet on it: who bets a share f of what he has on plus, having seen how the
pair's size ranks among those until then, has 1 + f times as much, or 1 − f.  What such a
player has is a nonnegative martingale; that it is ever 1/α times what he began with has a
chance of at most α (Ville 1939), over all looks together.  Here eight players begin with
parts of the whole: for each of four stakes one bets on plus and one on minus, tanh(stake ×
2 rank / (n + 1)) of what they have, which are Wilcoxon's scores.  What they have together
is the *evidence*.  The interval holds all shifts against which there never was enough.

Ramdas, Grünwald, Vovk and Shafer, Game-theoretic statistics and safe anytime-valid
inference (2023); Howard, Ramdas, McAuliffe and Sekhon, Time-uniform, nonparametric,
nonasymptotic confidence sequences (2021).  The guarantee needs the coin alone: no normal
noise, no equal spreads, no independence between what two moments do.
"""

import math
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from laiobench.comparison.numerics import np
from laiobench.comparison.rank_tests import Interval, check_share, finite, middle_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from laiobench.comparison.numerics import Floats

# What is bet, and by which part of what there is: small shifts want small stakes.
# Chosen by simulation for 6 to 60 pairs; any other would be as valid.
_STAKES = ((0.3, 0.3), (0.6, 0.3), (1.2, 0.2), (3.0, 0.2))
_POINTS = 12
_REFINED = 6  # times: to less than a millionth of the pairs' range
_AT_ONCE = 200_000  # numbers, which fit into a CPU's cache


def log_evidence(differences: "Floats") -> "Floats":
    """The most evidence against "no shift" until each pair, for each row; as a logarithm.

    Args:
        differences: a row a sequence of pairs, in the order in which they were made.
    """
    ranks, n = _running_ranks(np.abs(differences)), differences.shape[1]
    scores = 2 * ranks / (np.arange(1, n + 1) + 1)
    signs = np.sign(differences)
    together = np.full(differences.shape, -math.inf)
    for stake, part in _STAKES:
        share = np.tanh(stake * scores)
        for side in (1, -1):
            has = np.cumsum(np.log1p(side * signs * share), axis=1) + math.log(part / 2)
            together = np.logaddexp(together, has)
    # The running maximum: what was shown stays shown.
    return np.maximum.accumulate(together, axis=1)


def anytime_p(differences: Sequence[float]) -> float:
    """At most α with a chance of at most α, over all looks at these pairs and those before."""
    most = float(log_evidence(finite(differences)[np.newaxis, :])[0, -1])
    return min(1.0, math.exp(-most))


@cache
def fewest_pairs(alpha: float) -> int:
    """The fewest that could show anything: as many pluses, each pair larger than those before."""
    return next(
        pairs
        for pairs in range(1, 1000)
        if anytime_p([float(number) for number in range(1, pairs + 1)]) <= alpha
    )


def anytime_interval(differences: Sequence[float], alpha: float) -> Interval:
    """All shifts that were never refuted; it excludes 0 when `anytime_p` is at most alpha.

    Args:
        differences: in the order in which they were made.
        alpha: the chance that the shift is ever outside, over all looks.
    """
    check_share(alpha)
    d = finite(differences)
    enough = -math.log(alpha) * (1 - 1e-12)
    estimate = middle_of(d)
    low = -_edge(-d, -estimate, enough)
    high = _edge(d, estimate, enough)
    return Interval(min(max(estimate, low), high), low, high)


def _edge(d: "Floats", inside: float, enough: float) -> float:
    """The largest shift that was never refuted; infinite where the pairs refute none."""
    most = float(d.max())
    # Beyond all pairs their signs and the order of their sizes are always the same.
    beyond = most + max(float(np.ptp(d)), abs(most), 1e-9)
    if not _refuted(d, np.array([beyond]), enough)[0]:
        return math.inf
    points = np.linspace(min(inside, most), beyond, _POINTS)
    if points[0] < 0 < beyond:  # so that 0 is inside exactly when it was not refuted
        points = np.sort(np.append(points, 0.0))
    for _ in range(_REFINED):
        kept = np.flatnonzero(~_refuted(d, points, enough))
        if not len(kept):
            break  # the pairs drift: the estimate is what is left
        points = np.linspace(points[kept[-1]], points[kept[-1] + 1], _POINTS)
    return float(points[0])


def _refuted(d: "Floats", shifts: "Floats", enough: float) -> "npt.NDArray[np.bool_]":
    at_once = max(1, _AT_ONCE // len(d))
    parts = [
        log_evidence(d[np.newaxis, :] - shifts[begin : begin + at_once, np.newaxis])[:, -1]
        for begin in range(0, len(shifts), at_once)
    ]
    return np.greater_equal(np.concatenate(parts), enough)


def _running_ranks(sizes: "Floats") -> "Floats":
    """Of each value among those until then, from 1; the mean rank where some are equal."""
    rows, n = sizes.shape
    ranks = np.empty((rows, n))
    for at in range(n):
        earlier, now = sizes[:, :at], sizes[:, at : at + 1]
        ranks[:, at] = 1 + (earlier < now).sum(axis=1) + 0.5 * (earlier == now).sum(axis=1)
    return ranks

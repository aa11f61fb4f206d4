"""Anytime-valid tests and intervals of a shift: valid however often one looks at the pairs.

If there is no shift, the sign of each pair's difference is a fair coin, whatever its size,
and one can bet on it.  A player sees how the size of the pair ranks among all until then,
and bets a share f of what he has on plus: he then has 1 + f times as much, or 1 − f times.
His capital is a nonnegative martingale.  The probability that it ever reaches 1/α times its
start is at most α (Ville 1939), over all looks together.

Eight players begin with parts of one capital.  For each of four stakes one player bets on
plus and one on minus, each the share tanh(stake × 2 rank / (n + 1)) of what he has; the
ranks are Wilcoxon's scores.  Their capital together is the *evidence* against "no shift".
The interval holds all shifts against which the evidence never reached 1/α.

Ramdas, Grünwald, Vovk and Shafer, Game-theoretic statistics and safe anytime-valid
inference (2023); Howard, Ramdas, McAuliffe and Sekhon, Time-uniform, nonparametric,
nonasymptotic confidence sequences (2021).  The guarantee needs nothing but the fair coin:
no normal noise, no equal spreads, no independence of one moment from the next.
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

# (stake, part of the capital): small shifts are found by small stakes.  Chosen by simulation
# for 6 to 60 pairs; other choices would be as valid, but see less.
_STAKES = ((0.3, 0.3), (0.6, 0.3), (1.2, 0.2), (3.0, 0.2))
_POINTS = 12
_REFINED = 6  # times, which finds an edge to a millionth of the pairs' range
_AT_ONCE = 200_000  # numbers that are computed together: they fit into a CPU's cache


def log_evidence(differences: "Floats") -> "Floats":
    """The logarithm of the largest evidence against "no shift" up to each pair.

    Args:
        differences: each row is a sequence of pairs, in the order of running.  The result has
            the same shape.
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
    # The running maximum, since a shift that was shown once stays shown.
    return np.maximum.accumulate(together, axis=1)


def anytime_p(differences: Sequence[float]) -> float:
    """A p-value: under "no shift" it is ever at most α with probability at most α.

    "Ever" is over all looks, at these pairs and at any first part of them.
    """
    most = float(log_evidence(finite(differences)[np.newaxis, :])[0, -1])
    return min(1.0, math.exp(-most))


@cache
def fewest_pairs(alpha: float) -> int:
    """The fewest pairs that can show a shift.

    The strongest evidence is all signs equal, each pair larger than those before.
    """
    return next(
        pairs
        for pairs in range(1, 1000)
        if anytime_p([float(number) for number in range(1, pairs + 1)]) <= alpha
    )


def anytime_interval(differences: Sequence[float], alpha: float) -> Interval:
    """The shifts that were never refuted; excludes 0 exactly when `anytime_p` is at most alpha.

    Args:
        differences: of pairs, in the order of running.
        alpha: the probability that the true shift is ever outside, over all looks.

    Raises:
        ValueError: there is no difference, one is not finite, or alpha is no share.
    """
    check_share(alpha)
    d = finite(differences)
    enough = -math.log(alpha) * (1 - 1e-12)
    estimate = middle_of(d)
    low = -_edge(-d, -estimate, enough)
    high = _edge(d, estimate, enough)
    return Interval(min(max(estimate, low), high), low, high)


def _edge(d: "Floats", inside: float, enough: float) -> float:
    """The largest shift that was never refuted; infinite if the pairs refute no shift."""
    most = float(d.max())
    # For shifts beyond all pairs, all signs and ranks are the same: one of them stands for all.
    beyond = most + max(float(np.ptp(d)), abs(most), 1e-9)
    if not _refuted(d, np.array([beyond]), enough)[0]:
        return math.inf
    points = np.linspace(min(inside, most), beyond, _POINTS)
    if points[0] < 0 < beyond:  # so that 0 is inside the interval exactly if it was not refuted
        points = np.sort(np.append(points, 0.0))
    for _ in range(_REFINED):
        kept = np.flatnonzero(~_refuted(d, points, enough))
        if not len(kept):
            break  # the pairs drift and refute every shift: the estimate is returned
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
    """The rank of each value among those up to it, from 1; equal values get their mean rank."""
    rows, n = sizes.shape
    ranks = np.empty((rows, n))
    for at in range(n):
        earlier, now = sizes[:, :at], sizes[:, at : at + 1]
        ranks[:, at] = 1 + (earlier < now).sum(axis=1) + 0.5 * (earlier == now).sum(axis=1)
    return ranks

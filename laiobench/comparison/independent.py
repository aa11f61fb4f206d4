"""The shift between two independent samples of sessions; their spreads may differ.

The method depends on the size of the smaller sample, which limits how sure one can be:

* one new value: the prediction interval of Student's t on logarithms (Hahn and Meeker,
  Statistical Intervals, § 4.3).  It asks whether the baseline would have produced such a
  value; nothing is known of the spread of new sessions;
* two: the same for their mean, with the larger one of both spreads;
* three or four: Welch's interval;
* from five on: ranks.  An interval excludes a shift only where both Mann and Whitney's test
  and Brunner and Munzel's (Econometrica 68, 2000) do: the first is exact, but takes unequal
  spreads for a shift; the second does not, but is only nearly exact.

Knows numbers alone.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from laiobench.comparison import rank_tests
from laiobench.comparison.numerics import np, scipy
from laiobench.comparison.power import POWER, visible_in_spreads_unpaired
from laiobench.comparison.rank_tests import ALPHA, Interval, check_share, finite
from laiobench.comparison.shift import Shift, pooled_spread

if TYPE_CHECKING:
    from laiobench.comparison.numerics import Floats

MIN_FOR_RANKS = 5
"""The least size of the smaller sample: fewer ranks hardly show that spreads differ."""

MIN_FOR_SPREAD = 2
"""The least size of the baseline: one value has no spread to predict by."""


def between(baseline: Sequence[float], new: Sequence[float], alpha: float = ALPHA) -> Shift:
    """Estimate, interval and p-value of the shift between two samples of logarithms.

    Args:
        baseline, new: logarithms of the values of sessions.
        alpha: the interval's level is 1 − alpha.

    Raises:
        ValueError: a sample is empty, or alpha is no share.
    """
    x, y = finite(baseline), finite(new)
    check_share(alpha)
    enough = min(len(x), len(y)) >= MIN_FOR_RANKS
    if enough and rank_tests.can_differ(len(x), len(y), alpha):
        return _by_ranks(x, y, alpha)
    return _by_t(x, y, alpha)


# ---- by Student's t --------------------------------------------------------------


def _by_t(x: "Floats", y: "Floats", alpha: float) -> Shift:
    special = scipy("special")
    estimate = float(y.mean() - x.mean())
    if len(x) < MIN_FOR_SPREAD:
        unbounded = Interval(estimate, -math.inf, math.inf)
        return Shift(unbounded, 1.0, math.inf, math.inf)
    error, freedom = _standard_error(x, y)
    quantile, usual = (float(special.stdtrit(freedom, share)) for share in (1 - alpha / 2, POWER))
    if error:
        p = 2 * float(special.stdtr(freedom, -abs(estimate) / error))
    else:
        p = 1.0 if estimate == 0 else 0.0
    return Shift(
        interval=Interval(estimate, estimate - quantile * error, estimate + quantile * error),
        p=p,
        spread=pooled_spread(x, y),
        smallest_visible=(quantile + usual) * error,
    )


def _standard_error(x: "Floats", y: "Floats") -> tuple[float, float]:
    """The standard error of the difference of the means, and its degrees of freedom."""
    of_base = float(x.var(ddof=1)) / len(x)
    if len(y) <= 2:
        spread = float(x.var(ddof=1))
        if len(y) == 2:
            spread = max(spread, float(y.var(ddof=1)))
        return math.sqrt(of_base + spread / len(y)), len(x) - 1
    of_new = float(y.var(ddof=1)) / len(y)
    both = of_base + of_new
    if both == 0:
        return 0.0, len(x) + len(y) - 2
    shares = of_base**2 / (len(x) - 1) + of_new**2 / (len(y) - 1)
    return math.sqrt(both), both**2 / shares


# ---- by ranks --------------------------------------------------------------------


def _by_ranks(x: "Floats", y: "Floats", alpha: float) -> Shift:
    differences = np.subtract.outer(y, x)
    ordered = np.sort(differences.ravel())
    exact = rank_tests.shift_interval(x.tolist(), y.tolist(), alpha)
    low = min(exact.low, _brunner_munzel_low(differences, ordered, alpha))
    high = max(exact.high, -_brunner_munzel_low(-differences, -ordered[::-1], alpha))
    spread = pooled_spread(x, y)
    visible = visible_in_spreads_unpaired(len(x), len(y), alpha)
    return Shift(
        interval=Interval(exact.estimate, low, high),
        p=rank_tests.mann_whitney_brunner_munzel_p(x.tolist(), y.tolist()),
        spread=spread,
        smallest_visible=spread * visible,
    )


def _brunner_munzel_low(differences: "Floats", ordered: "Floats", alpha: float) -> float:
    """The lowest shift that Brunner and Munzel's test does not exclude.

    Between two neighbours of the ordered differences its result is the same.  Below the lowest
    difference no values overlap and it has no answer: there Mann and Whitney's test decides.
    """
    # Places of the first neighbours between which the test does not exclude it.
    low, high = 1, len(ordered) // 2
    while low < high:
        middle = (low + high) // 2
        shift = float(ordered[middle - 1] + ordered[middle]) / 2
        if _brunner_munzel_p(differences - shift) <= alpha / 2:
            low = middle + 1
        else:
            high = middle
    return float(ordered[low - 1])


def _brunner_munzel_p(differences: "Floats") -> float:
    """The one-sided p that new values are higher.

    Args:
        differences: new − baseline, a row for each new value.
    """
    special = scipy("special")
    m, n = differences.shape
    above = (differences > 0) + 0.5 * (differences == 0)
    of_new, of_base = above.sum(axis=1), m - above.sum(axis=0)
    in_new, in_base = m * of_new.var(ddof=1), n * of_base.var(ddof=1)
    both = in_new + in_base
    excess = n * m * (above.mean() - 0.5)
    if both == 0:  # no values overlap, or all are equal
        return 0.5 if excess == 0 else float(excess < 0)
    freedom = both**2 / (in_new**2 / (m - 1) + in_base**2 / (n - 1))
    return float(special.stdtr(freedom, -excess / math.sqrt(both)))

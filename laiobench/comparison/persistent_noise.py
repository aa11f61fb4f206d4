"""Steps in correlated noise: how much better a series with steps fits than noise alone.

The noise is the sum of AR(1) noise, which is correlated by `rho` from one value to the next,
and white noise.  So it can be anything between independent values and a level that wanders.  Its
parameters are not known: each hypothesis uses those of a grid that make the series most likely.
So the null hypothesis, in which nothing changed, explains a step by a wandering level where
it can.

The result is a *gain*: twice the logarithm of the likelihood ratio.  Its distribution under the
null hardly depends on rho, once there is correlation, or on the length of the series.  The
constants below describe the tail of the worst case, and are used for all (tests/laws).

Knows only numbers.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from laiobench.comparison.numerics import np

if TYPE_CHECKING:
    from laiobench.comparison.numerics import Floats

_STAY = 2
"""Times `stretch`: the fewest values between two steps that are found only as a pair."""

_LEAST_NOISE = 1e-4
"""Values may be equal, as counts are: this keeps the likelihood finite."""

_RHOS = (0.3, 0.5, 0.65, 0.8, 0.9, 0.97)
_WHITE_SHARES = (0.0, 0.3, 0.6, 0.85)

# P(gain > g) under the null is at most exp(−(g − from) / by).  Simulated with AR(1) noise of rho 0
# to 0.97, with random walks, and with AR(1) plus white noise; 6 to 200 values.  The constants for
# two steps are stricter than that, because two are tried where one has failed.
_ONE_FROM, _ONE_BY = 6.8, 2.4
_TWO_FROM, _TWO_BY = 18.2, 2.6


_LEAST_P = 0.001
"""Smaller tails were not simulated."""


def p_of_one(gain: float) -> float:
    """An upper bound of the p value of the best single step."""
    return _p((_ONE_FROM - gain) / _ONE_BY)


def p_of_two(gain: float) -> float:
    """The same for the best pair of steps."""
    return _p((_TWO_FROM - gain) / _TWO_BY)


def _p(log: float) -> float:
    return max(_LEAST_P, math.exp(min(0.0, log)))


class Found(NamedTuple):
    """The best places."""

    gain: float
    places: tuple[int, ...]
    """The index of the first value after each step."""


@dataclass(frozen=True)
class _Noise:
    """The noise at one point of the grid, for one length of series."""

    whiten: "Floats"
    steps: "Floats"
    """A whitened column for a step at each index; at index 0 it is the level."""
    log_determinant: float


class Search:
    """Computes what steps in a series gain.

    Args:
        values: logarithms, in the order of time; at least two.
        stretch: the fewest values between steps, and at the ends.
    """

    def __init__(self, values: Sequence[float], stretch: int) -> None:
        series = np.asarray(values, dtype=np.float64)
        self._n, self._stretch = len(series), stretch
        self._noises = _noises(self._n)
        self._white = [noise.whiten @ (series - series.mean()) for noise in self._noises]

    def misfit(self, steps: Sequence[int]) -> float:
        """−2 log likelihood with these steps, with the noise that fits best."""
        return min(
            self._twice_log(noise, float(rest @ rest))
            for noise, white in self._each()
            for rest in [_without(_basis(noise, steps), white)]
        )

    def best_one(self, steps: Sequence[int], within: range | None = None) -> Found:
        """Find the additional step with the largest gain.

        Args:
            steps: the steps so far.
            within: the indices to consider; default: all.
        """
        free = self._free(steps, self._stretch)
        places = np.array([at for at in free if within is None or at in within], dtype=np.intp)
        if not len(places):
            return Found(0.0, ())
        best = (math.inf, 0)
        for noise, white in self._each():
            basis = _basis(noise, steps)
            rest, columns = _without(basis, white), _without(basis, noise.steps[:, places])
            gained = (rest @ columns) ** 2 / (columns**2).sum(axis=0)
            at = int(gained.argmax())
            left = float(rest @ rest - gained[at])
            best = min(best, (self._twice_log(noise, left), int(places[at])))
        return Found(self.misfit(steps) - best[0], best[1:])

    def best_two(self, steps: Sequence[int]) -> Found:
        """Find the pair of additional steps with the largest gain: in a bump, one gains little."""
        stay = _STAY * self._stretch
        places = np.array(self._free(steps, stay), dtype=np.intp)
        apart = places[None, :] - places[:, None] >= stay
        if not apart.any():
            return Found(0.0, ())
        best = (math.inf, 0, 0)
        for noise, white in self._each():
            basis = _basis(noise, steps)
            rest, columns = _without(basis, white), _without(basis, noise.steps[:, places])
            gained = np.where(apart, _gained_by_two(rest, columns), 0.0)
            at = int(gained.argmax())
            first, second = (int(places[index]) for index in divmod(at, len(places)))
            left = float(rest @ rest - gained.flat[at])
            best = min(best, (self._twice_log(noise, left), first, second))
        return Found(self.misfit(steps) - best[0], best[1:])

    def _each(self) -> Iterator[tuple[_Noise, "Floats"]]:
        return zip(self._noises, self._white, strict=True)

    def _free(self, steps: Sequence[int], apart: int) -> list[int]:
        """The indices at least `apart` from all steps and both ends."""
        bounds = [0, *steps, self._n]
        return [
            place
            for place in range(apart, self._n - apart + 1)
            if all(abs(place - bound) >= apart for bound in bounds)
        ]

    def _twice_log(self, noise: _Noise, squares: float) -> float:
        least = self._n * _LEAST_NOISE**2
        return self._n * math.log(max(squares, 0.0) + least) + noise.log_determinant


def _gained_by_two(rest: "Floats", columns: "Floats") -> "Floats":
    """How much each pair of columns reduces the sum of squares."""
    gram, along = columns.T @ columns, columns.T @ rest
    own = np.diag(gram)
    both = np.outer(along**2, own) - np.outer(along, along) * gram
    determinant = np.outer(own, own) - gram**2
    np.fill_diagonal(determinant, 1.0)
    return np.asarray((both + both.T) / determinant)


def _basis(noise: _Noise, steps: Sequence[int]) -> "Floats":
    """An orthonormal basis of the level and the steps."""
    return np.asarray(np.linalg.qr(noise.steps[:, [0, *steps]])[0])


def _without(basis: "Floats", values: "Floats") -> "Floats":
    """The residuals of a vector, or of each column of a matrix."""
    return np.asarray(values - basis @ (basis.T @ values))


@lru_cache(maxsize=8)
def _noises(n: int) -> tuple[_Noise, ...]:
    places = np.arange(n)
    distance = np.abs(places[:, None] - places[None, :])
    steps = (places[:, None] >= places[None, :]).astype(np.float64)
    found = [_Noise(np.eye(n), steps, 0.0)]
    for rho in _RHOS:
        for white in _WHITE_SHARES:
            lower = np.linalg.cholesky((1 - white) * rho**distance + white * np.eye(n))
            whiten = np.linalg.inv(lower)
            found.append(_Noise(whiten, whiten @ steps, 2 * float(np.log(np.diag(lower)).sum())))
    return tuple(found)

"""Steps in noise that resembles itself: how much better they fit a series than noise alone does.

Noise is a level that wanders, and noise on top of it that does not: what a value is off by
follows the one before by a share of `rho` per point, but for a part of it that is new each
time.  That is AR(1) where the part is nothing, and what a slow drift under a quick noise is
otherwise.  Which noise it is nobody knows: each hypothesis takes the one of a grid that makes
the series most likely, so that "nothing changed" may blame all of a step on a wandering
level if it can.

What is told is a *gain*: twice the logarithm of the ratio of likelihoods.  How large a gain
noise alone makes hardly depends on which noise it is, once it resembles itself, nor on how long the
series is: the constants below are the tail of the worst of them, and hold for all (tests/laws).

Knows numbers alone.
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
"""Stretches, of two steps that are found only together: between what comes and goes."""

_LEAST_NOISE = 1e-4
"""Where neighbours are equal, as counts may be: what is below this is no step."""

_RHOS = (0.3, 0.5, 0.65, 0.8, 0.9, 0.97)
_NEW_EACH_TIME = (0.0, 0.3, 0.6, 0.85)

# Noise alone gains more with a chance of at most exp(−(gain − from) / by): the tail of the worst
# of AR(1) with rho from 0 to 0.97, random walks, and wandering levels under white noise, of 6
# to 200 points.  Two steps are asked for more than that: they are looked for where one is none.
_ONE_FROM, _ONE_BY = 6.8, 2.4
_TWO_FROM, _TWO_BY = 18.2, 2.6


_LEAST_P = 0.001
"""No more was simulated."""


def p_of_one(gain: float) -> float:
    """The chance, at most, that noise alone has a place where one step gains as much."""
    return _p((_ONE_FROM - gain) / _ONE_BY)


def p_of_two(gain: float) -> float:
    """The same of two steps together."""
    return _p((_TWO_FROM - gain) / _TWO_BY)


def _p(log: float) -> float:
    return max(_LEAST_P, math.exp(min(0.0, log)))


class Found(NamedTuple):
    """The best of all places."""

    gain: float
    places: tuple[int, ...]
    """Each that of the first point after a step."""


@dataclass(frozen=True)
class _Noise:
    """One of the grid, for a length of series."""

    whiten: "Floats"
    steps: "Floats"
    """A column for each place, as it is when whitened; the first is the level as a whole."""
    log_determinant: float


class Search:
    """A series, and what steps in it gain.

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
        """−2 log likelihood with these steps, by the noise that suits them best."""
        return min(
            self._twice_log(noise, float(rest @ rest))
            for noise, white in self._each()
            for rest in [_without(_basis(noise, steps), white)]
        )

    def best_one(self, steps: Sequence[int], within: range | None = None) -> Found:
        """Where one more step gains most.

        Args:
            steps: those that are there already.
            within: only these places; default: all.
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
        """Where two more steps gain most together: of what comes and goes neither may alone."""
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
        """The places that are so far from all steps, and from both ends."""
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
    """By how much each two columns together make the squares less."""
    gram, along = columns.T @ columns, columns.T @ rest
    own = np.diag(gram)
    both = np.outer(along**2, own) - np.outer(along, along) * gram
    determinant = np.outer(own, own) - gram**2
    np.fill_diagonal(determinant, 1.0)
    return np.asarray((both + both.T) / determinant)


def _basis(noise: _Noise, steps: Sequence[int]) -> "Floats":
    """Orthonormal, of what the level as a whole and the steps can be."""
    return np.asarray(np.linalg.qr(noise.steps[:, [0, *steps]])[0])


def _without(basis: "Floats", values: "Floats") -> "Floats":
    """What is left of them, or of each column."""
    return np.asarray(values - basis @ (basis.T @ values))


@lru_cache(maxsize=8)
def _noises(n: int) -> tuple[_Noise, ...]:
    places = np.arange(n)
    distance = np.abs(places[:, None] - places[None, :])
    steps = (places[:, None] >= places[None, :]).astype(np.float64)
    found = [_Noise(np.eye(n), steps, 0.0)]
    for rho in _RHOS:
        for new in _NEW_EACH_TIME:
            lower = np.linalg.cholesky((1 - new) * rho**distance + new * np.eye(n))
            whiten = np.linalg.inv(lower)
            found.append(_Noise(whiten, whiten @ steps, 2 * float(np.log(np.diag(lower)).sum())))
    return tuple(found)

"""Which sessions of a baseline count: those that joined, and of those kept out what was noise.

Only what passes joins.  Were that all, a baseline would be what the noise had made fast: its
level too low and its spread too narrow, so that candidates which are worse by just what is
allowed are called regressions more than twice as often as is said.  So a session that was kept
out as inconclusive counts after all once a later one has passed: what is measured was as before,
and so it was noise.

But not where there were more of them in a row than noise brings forth: they were something
else, and one that passes by chance must not make them what is normal.  And the newest ones, which
nothing has followed yet, may be a change that goes on.

Knows numbers alone: logarithms of sessions' values, above 0 where they are worse.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from laiobench.comparison import independent
from laiobench.comparison.numerics import np, scipy
from laiobench.comparison.sessions import MIN_SESSIONS

RARE = 0.001
"""So many kept out in a row are no noise any more if it brings them forth more seldom than that."""


@dataclass(frozen=True)
class Night:
    """A session's value, and whether it was let into the baseline."""

    worse: float | None
    """The logarithm, signed so that more is worse; None where there is no value."""
    has_joined: bool


@dataclass(frozen=True)
class Limit:
    """What a metric is judged by."""

    worse: float
    """How much may be lost, as a logarithm."""
    alpha: float
    newest: int
    """So many sessions decide."""


class Counting:
    """Nights as they come, and which of them count so far."""

    def __init__(self, limit: Limit) -> None:
        """`limit` is what the nights were, and are, judged by."""
        self._limit = limit
        self._nights: list[Night] = []
        self._kept: list[int] = []  # since the last one that passed
        self._has_regressed = False
        self.numbers: list[int] = []
        """Of those that count, in the order of time."""

    def add(self, night: Night) -> None:
        """The next one."""
        number = len(self._nights)
        self._nights.append(night)
        recent = self.newest()
        if night.has_joined or (passes := _passes(recent, night, self._limit)):
            if not self._has_regressed and _are_noise(recent, len(self._kept), self._limit):
                self.numbers += self._kept
            self.numbers.append(number)
            self._kept, self._has_regressed = [], False
        elif passes is None:
            self._kept.append(number)
        else:
            self._has_regressed = True

    def newest(self) -> list[float]:
        """The values by which the next one is judged."""
        logs = [self._nights[number].worse for number in self.numbers[-self._limit.newest :]]
        return [log for log in logs if log is not None]


def _passes(recent: Sequence[float], night: Night, limit: Limit) -> bool | None:
    """As a gate judges a candidate; None where it is inconclusive."""
    if night.worse is None or len(recent) < MIN_SESSIONS:
        return None
    interval = independent.between(recent, [night.worse], limit.alpha).interval
    if interval.high < limit.worse:
        return True
    return False if interval.low > limit.worse else None


def _are_noise(recent: Sequence[float], count: int, limit: Limit) -> bool:
    """Whether so many in a row would not pass, now and then, where nothing has changed."""
    freedom = len(recent) - 1
    if len(recent) < MIN_SESSIONS:
        return False
    error = float(np.std(recent, ddof=1)) * math.sqrt(1 + 1 / len(recent))
    if error == 0:
        return False
    special = scipy("special")
    quantile = float(special.stdtrit(freedom, 1 - limit.alpha / 2))
    one = float(special.stdtr(freedom, quantile - limit.worse / error))
    return one**count >= RARE

"""A level that drifts, and a step on it: what each trial says, under several hypotheses at once.

A trial's value, as a logarithm, is the level, and under the hypotheses by which the trial has
the step also that; what its preparation was off by; and noise, which has outliers.  The level
drifts from trial to trial, and now and then jumps.  How wide the noise is, how far the level
goes, and how much preparations are off is learned too: each is one of a few, with its own
evidence.

Level, step and offset are normal given these: a Kalman filter, after each trial matched to the
mixture's first two moments.  Knows no revisions: hypotheses are rows.
"""

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from laiobench.comparison.numerics import np, scipy

if TYPE_CHECKING:
    from laiobench.comparison.numerics import Floats

# Shares and variances, of a spread's: about a t distribution of four degrees of freedom.
_NOISES = ((0.72, 0.6), (0.24, 2.0), (0.04, 16.0))
# The level stays where it drifts to, or it jumps by so many spreads or so.
_JUMPS = ((0.98, 0.0), (0.02, 8.0))
_WIDEST_LEVEL = 10.0  # a factor of 20,000 either way, around the first trial
_SPREADS = 0.0005 * 1.6 ** np.arange(15)
_DRIFTS = (0.0, 0.15, 0.5)  # of the spread, a trial
_OFFSETS = (0.2, 0.6, 1.8)  # of the spread, a preparation
_STEPS = (0.06, 0.3, 2.0)  # standard deviations of what is expected of a step before
_NEGLIGIBLE, _WORTH_IT = 1e-7, 0.8
_LEVEL, _STEP, _OFFSET = range(3)


class Step(NamedTuple):
    """Of the logarithm."""

    mean: float
    deviation: float


class LevelAndStep:
    """What is known of the level and the step, and how likely each hypothesis made the trials.

    Args:
        shares: how sure each hypothesis is before any trial.
        is_prepared: whether revisions are prepared, and each time may be off a little.
    """

    def __init__(self, shares: Sequence[float], *, is_prepared: bool) -> None:
        offsets = _OFFSETS if is_prepared else (0.0,)
        grid = np.array(list(itertools.product(_SPREADS, _DRIFTS, offsets, _STEPS)))
        self._spread2 = grid[:, 0] ** 2
        self._drift2 = self._spread2 * grid[:, 1] ** 2
        self._offset2 = self._spread2 * grid[:, 2] ** 2
        self._states = 3 if is_prepared else 2
        shape = (len(shares), len(grid))
        self._log = np.tile(np.log(np.array(shares) / len(grid))[:, None], (1, len(grid)))
        self._mean = np.zeros((self._states, *shape))
        self._cov = np.zeros((self._states, self._states, *shape))
        self._cov[_LEVEL, _LEVEL] = _WIDEST_LEVEL**2
        self._cov[_STEP, _STEP] = grid[:, 3] ** 2

    def split(self, hypothesis: int, first: float) -> None:
        """Two in the place of one, alike so far; the first one has that part of its share."""
        for name in ("_log", "_mean", "_cov"):
            rows = getattr(self, name)
            row = np.take(rows, [hypothesis], axis=-2)
            parts = np.split(rows, [hypothesis], axis=-2)
            setattr(self, name, np.concatenate([parts[0], row, parts[1]], axis=-2))
        self._log[hypothesis] += math.log(first)
        self._log[hypothesis + 1] += math.log1p(-first)

    # ---- trials ----------------------------------------------------------------

    def observe(self, value: float, has_step: "Floats", *, is_prepared_anew: bool) -> None:
        """A trial.

        Args:
            value: its logarithm.
            has_step: for each hypothesis 1.0 if by it the trial has the step, else 0.0.
            is_prepared_anew: it is the first one since a preparation.
        """
        mean, cov = self._before_trial(is_prepared_anew)
        seen_by = self._seen_by(has_step)
        off = value - (seen_by * mean).sum(axis=0)
        logs, gains, left = [], [], []
        for jump_share, jump in _JUMPS:
            jumped = cov.copy()
            jumped[_LEVEL, _LEVEL] += jump**2 * self._spread2
            to = (jumped * seen_by).sum(axis=1)
            known2 = (seen_by * to).sum(axis=0)
            for share, noise in _NOISES:
                seen2 = known2 + noise * self._spread2
                logs.append(np.log(jump_share * share) - 0.5 * (np.log(seen2) + off**2 / seen2))
                gains.append(to / seen2)
                left.append(jumped - gains[-1][:, None] * to)
        log = np.array(logs)
        most = log.max(axis=0)
        weights = np.exp(log - most)
        total = weights.sum(axis=0)
        weights /= total
        self._log = self._log + most + np.log(total)
        gain = sum(weight * each for weight, each in zip(weights, gains, strict=True))
        self._mean = mean + gain * off
        self._cov = np.zeros_like(cov)
        for weight, each, rest in zip(weights, gains, left, strict=True):
            apart = (each - gain) * off
            self._cov += weight * (rest + apart[:, None] * apart)
        self._forget_the_negligible()

    def _before_trial(self, is_prepared_anew: bool) -> tuple["Floats", "Floats"]:
        """What is known of the states when the next trial comes."""
        mean, cov = self._mean.copy(), self._cov.copy()
        cov[_LEVEL, _LEVEL] += self._drift2
        if is_prepared_anew:
            mean[_OFFSET] = 0.0
            cov[_OFFSET], cov[:, _OFFSET] = 0.0, 0.0
            cov[_OFFSET, _OFFSET] = self._offset2
        return mean, cov

    def _seen_by(self, has_step: "Floats") -> "Floats":
        """How much of each state is in a trial."""
        ones = np.ones(len(has_step))
        return np.array([ones, has_step, ones][: self._states])[:, :, None]

    # ---- what is known ---------------------------------------------------------

    @property
    def shares(self) -> "Floats":
        """How sure each hypothesis is."""
        return np.asarray(self._weights.sum(axis=1))

    @property
    def _weights(self) -> "Floats":
        """How sure each hypothesis is, together with each noise."""
        weights = np.exp(self._log - self._log.max())
        return np.asarray(weights / weights.sum())

    def step(self, among: "Floats") -> Step:
        """What is known of the step, if one of these hypotheses is true."""
        weights = self._weights * among[:, None]
        weights /= weights.sum()
        mean, deviation = _moments(weights, self._mean[_STEP], self._cov[_STEP, _STEP])
        return Step(float(mean), float(deviation))

    def share_above(self, least: float, among: "Floats") -> float:
        """How sure it is that the step is above `least`, if one of these hypotheses is true."""
        weights = self._weights * among[:, None]
        beyond = (self._mean[_STEP] - least) / np.sqrt(self._cov[_STEP, _STEP])
        return float((weights * scipy("special").ndtr(beyond)).sum() / weights.sum())

    def expected(self, has: float, *, is_prepared_anew: bool) -> tuple["Floats", "Floats"]:
        """The next trial's mean and standard deviation by each hypothesis, with the step or not."""
        weights = np.exp(self._log - self._log.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        mean, cov = self._before_trial(is_prepared_anew)
        seen_by = self._seen_by(np.full(len(weights), has))
        variance = (seen_by * (cov * seen_by).sum(axis=1)).sum(axis=0) + self._spread2
        return _moments(weights, (seen_by * mean).sum(axis=0), variance, axis=1)

    @property
    def spread(self) -> float:
        """Of trials, without what drifts."""
        return float(np.sqrt((self._weights * self._spread2).sum()))

    def _forget_the_negligible(self) -> None:
        """Noises that no hypothesis needs any more: what is left is faster."""
        relative = np.exp(self._log - self._log.max(axis=1, keepdims=True)).max(axis=0)
        keep = relative > _NEGLIGIBLE
        if keep.mean() > _WORTH_IT:
            return
        for name in ("_log", "_mean", "_cov", "_spread2", "_drift2", "_offset2"):
            setattr(self, name, getattr(self, name)[..., keep])


def _moments(
    weights: "Floats", mean: "Floats", variance: "Floats", axis: int | None = None
) -> tuple["Floats", "Floats"]:
    """Mean and standard deviation of a mixture."""
    middle = (weights * mean).sum(axis=axis, keepdims=True)
    spread2 = (weights * (variance + (mean - middle) ** 2)).sum(axis=axis)
    return np.squeeze(middle, axis=axis), np.sqrt(spread2)

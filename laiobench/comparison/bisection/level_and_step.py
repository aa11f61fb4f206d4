"""A model of trials: a level that drifts, a step on it, and noise, under several hypotheses.

The logarithm of a trial's value is a sum: the level; the step, under the hypotheses by which
the trial has it; the offset of its preparation; and noise, which has outliers.  The level
drifts from trial to trial, and sometimes jumps.  How wide the noise is, how far the level
drifts, and how large the offsets of preparations are is learned as well: each has a few
possible values, and the evidence for each combination is kept.

Given such a combination, level, step and offset are normal, and a Kalman filter follows
them; after each trial the mixture over jumps and noises is replaced by a normal with its
first two moments.  Knows no revisions: a hypothesis is a row.
"""

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from laiobench.comparison.numerics import np, scipy

if TYPE_CHECKING:
    from laiobench.comparison.numerics import Floats

# (share, variance / spread²) of the noise, of several kinds.  The first is about a t distribution
# with 4 degrees of freedom; by the other one some trials are far off, as where there are two kinds.
_NOISES = (((0.72, 0.6), (0.24, 2.0), (0.04, 16.0)), ((0.65, 0.8), (0.2, 2.0), (0.15, 80.0)))
# (share, deviation / spread) of the level's jumps: mostly it only drifts.
_JUMPS = ((0.98, 0.0), (0.02, 8.0))
_WIDEST_LEVEL = 10.0  # standard deviation: a factor of 20,000 either way, around the first trial
_SPREADS = 0.0005 * 1.6 ** np.arange(15)
_DRIFTS = (0.0, 0.15, 0.5)  # / spread, from trial to trial
_OFFSETS = (0.2, 0.6, 1.8)  # / spread, of a preparation
_STEPS = (0.06, 0.3, 2.0)  # standard deviations of the step before any trial
_NEGLIGIBLE, _WORTH_IT = 1e-7, 0.8
_LEVEL, _STEP, _OFFSET = range(3)


class Step(NamedTuple):
    """The step, of a value's logarithm: mean and standard deviation."""

    mean: float
    deviation: float


class LevelAndStep:
    """What the trials tell of level and step, and how likely each hypothesis is.

    Args:
        shares: the probability of each hypothesis before any trial.
        is_prepared: whether revisions are prepared, which gives each preparation an offset.
    """

    def __init__(self, shares: Sequence[float], *, is_prepared: bool) -> None:
        offsets = _OFFSETS if is_prepared else (0.0,)
        grid = np.array(
            list(itertools.product(_SPREADS, _DRIFTS, offsets, _STEPS, range(len(_NOISES))))
        )
        self._spread2 = grid[:, 0] ** 2
        self._drift2 = self._spread2 * grid[:, 1] ** 2
        self._offset2 = self._spread2 * grid[:, 2] ** 2
        # Of each combination: (part of the noise, share or variance / spread²).
        self._noise = np.array(_NOISES)[grid[:, 4].astype(int)].transpose(1, 2, 0)
        self._states = 3 if is_prepared else 2
        shape = (len(shares), len(grid))
        self._log = np.tile(np.log(np.array(shares) / len(grid))[:, None], (1, len(grid)))
        self._mean = np.zeros((self._states, *shape))
        self._cov = np.zeros((self._states, self._states, *shape))
        self._cov[_LEVEL, _LEVEL] = _WIDEST_LEVEL**2
        self._cov[_STEP, _STEP] = grid[:, 3] ** 2

    def split(self, hypothesis: int, first: float) -> None:
        """Split a hypothesis into two that are alike so far.

        Args:
            hypothesis: its row.
            first: the part of its share that the first one gets, between 0 and 1.
        """
        for name in ("_log", "_mean", "_cov"):
            rows = getattr(self, name)
            row = np.take(rows, [hypothesis], axis=-2)
            parts = np.split(rows, [hypothesis], axis=-2)
            setattr(self, name, np.concatenate([parts[0], row, parts[1]], axis=-2))
        self._log[hypothesis] += math.log(first)
        self._log[hypothesis + 1] += math.log1p(-first)

    # ---- trials ----------------------------------------------------------------

    def observe(self, value: float, has_step: "Floats", *, is_prepared_anew: bool) -> None:
        """Take the value of a trial.

        Args:
            value: the logarithm of the value.
            has_step: for each hypothesis 1.0 if under it the trial has the step, else 0.0.
            is_prepared_anew: whether it is the first trial after a preparation.
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
            for share, noise in self._noise:
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
        """Mean and covariance of the states before the next trial."""
        mean, cov = self._mean.copy(), self._cov.copy()
        cov[_LEVEL, _LEVEL] += self._drift2
        if is_prepared_anew:
            mean[_OFFSET] = 0.0
            cov[_OFFSET], cov[:, _OFFSET] = 0.0, 0.0
            cov[_OFFSET, _OFFSET] = self._offset2
        return mean, cov

    def _seen_by(self, has_step: "Floats") -> "Floats":
        """How much each state counts in a trial's value, for each hypothesis."""
        ones = np.ones(len(has_step))
        return np.array([ones, has_step, ones][: self._states])[:, :, None]

    # ---- what is known ---------------------------------------------------------

    @property
    def shares(self) -> "Floats":
        """The probability of each hypothesis."""
        return np.asarray(self._weights.sum(axis=1))

    @property
    def _weights(self) -> "Floats":
        """The probability of each hypothesis with each combination of noise, drift and offset."""
        weights = np.exp(self._log - self._log.max())
        return np.asarray(weights / weights.sum())

    def step(self, among: "Floats") -> Step:
        """The step, if one of these hypotheses is true."""
        weights = self._weights * among[:, None]
        weights /= weights.sum()
        mean, deviation = _moments(weights, self._mean[_STEP], self._cov[_STEP, _STEP])
        return Step(float(mean), float(deviation))

    def share_above(self, least: float, among: "Floats") -> float:
        """The probability that the step is above `least`, if one of these hypotheses is true."""
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
        """The standard deviation of trials, without drift."""
        return float(np.sqrt((self._weights * self._spread2).sum()))

    def _forget_the_negligible(self) -> None:
        """Drop combinations that are negligible under every hypothesis, to be faster."""
        relative = np.exp(self._log - self._log.max(axis=1, keepdims=True)).max(axis=0)
        keep = relative > _NEGLIGIBLE
        if keep.mean() > _WORTH_IT:
            return
        for name in ("_log", "_mean", "_cov", "_spread2", "_drift2", "_offset2", "_noise"):
            setattr(self, name, getattr(self, name)[..., keep])


def _moments(
    weights: "Floats", mean: "Floats", variance: "Floats", axis: int | None = None
) -> tuple["Floats", "Floats"]:
    """Mean and standard deviation of a mixture."""
    middle = (weights * mean).sum(axis=axis, keepdims=True)
    spread2 = (weights * (variance + (mean - middle) ** 2)).sum(axis=axis)
    return np.squeeze(middle, axis=axis), np.sqrt(spread2)

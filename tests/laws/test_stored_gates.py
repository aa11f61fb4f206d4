"""Error rates of gates on stored results, on simulated sessions.

Figures are of one end of an interval, as a gate's verdict is.  LAIOBENCH_LAWS=10 repeats them
ten times as often.
"""

import os
from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import binom, norm

from laiobench.comparison import independent
from laiobench.comparison.gate.counting import Counting, Limit, Night
from laiobench.comparison.gate.stored_gate import REFERENCE_SESSIONS, SHARE_OF_NEWEST

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

REPEATS = 1_000 * int(os.environ.get("LAIOBENCH_LAWS", "1"))
NOISE = 0.03
ALLOWED = 0.10


def regressions(
    baseline: int, new: int, effect: float, *, metrics: int = 1, noisier: float = 1.0, seed: int = 1
) -> int:
    """In how many repeats a candidate that is slower by `effect` is called regress."""
    generator = np.random.default_rng(seed)
    old = generator.normal(0, NOISE, (REPEATS, baseline))
    candidate = generator.normal(np.log1p(effect), NOISE * noisier, (REPEATS, new))
    limit = float(np.log1p(ALLOWED))
    return sum(
        independent.between(x.tolist(), y.tolist(), 0.05 / metrics).interval.low > limit
        for x, y in zip(old, candidate, strict=True)
    )


def check_rate(calls: int, rate: float) -> None:
    """As seldom as that, and not by much more seldom: but for chance of one in a thousand."""
    assert binom.ppf(0.001, REPEATS, rate) <= calls <= binom.ppf(0.999, REPEATS, rate), calls


@pytest.mark.parametrize(("metrics", "least"), [(1, 0.95), (5, 0.88)])
def test_thirty_percent_are_called_on_the_first_night(metrics: int, least: float) -> None:
    assert regressions(8, 1, 0.30, metrics=metrics) >= least * REPEATS


@pytest.mark.parametrize(("metrics", "rate"), [(1, 0.025), (5, 0.005)])
def test_what_is_just_allowed_is_called_as_seldom_as_is_said(metrics: int, rate: float) -> None:
    check_rate(regressions(8, 1, ALLOWED, metrics=metrics), rate)


@pytest.mark.parametrize(("baseline", "new"), [(8, 5), (8, 8), (20, 5), (20, 8)])
def test_what_is_only_noisier_is_hardly_ever_called_slower(baseline: int, new: int) -> None:
    calls = regressions(baseline, new, ALLOWED, noisier=3.0)
    assert calls <= binom.ppf(0.999, REPEATS, 0.05)


# ---- night after night ----------------------------------------------------------

WINDOW = 20
BEGINNING = 8
LIMIT = float(np.log1p(ALLOWED))


class Gate:
    """A metric's nights: what passes joins, and what is inconclusive is kept out."""

    def __init__(self, alpha: float, beginning: list[float]) -> None:
        self.alpha = alpha
        self.counting = Counting(Limit(LIMIT, alpha, WINDOW))
        self.joined = 0
        self.reference: list[float] = []
        self.calls: list[bool] = []
        """Of each night that was judged, whether it regressed."""
        for value in beginning:
            self._add(Night(value, has_joined=True))

    def _add(self, night: Night) -> None:
        self.counting.add(night)
        self.joined += night.has_joined
        if self.joined <= REFERENCE_SESSIONS:
            self.reference = self.counting.newest()[:REFERENCE_SESSIONS]

    def night(self, value: float) -> None:
        passes, regresses = self.bounds()
        self.calls.append(value > regresses)
        if value <= regresses:
            self._add(Night(value, has_joined=value < passes))

    def bounds(self) -> tuple[float, float]:
        """Below which value a night passes, and above which one it regresses.

        Student's t interval is moved by as much as the night is, so one interval tells.
        """
        is_two = self.joined > REFERENCE_SESSIONS
        of_newest = self.alpha * (SHARE_OF_NEWEST if is_two else 1)
        newest = independent.between(self.counting.newest(), [0.0], of_newest).interval
        least = LIMIT - newest.low
        if is_two:
            since = independent.between(self.reference, [0.0], self.alpha - of_newest).interval
            least = min(least, LIMIT - since.low)
        return LIMIT - newest.high, least


def gates(alpha: float, noise: float, count: int, seed: int = 1) -> list[Gate]:
    """Of baselines that begin with sessions as they come."""
    first = np.random.default_rng(seed).normal(0, noise, (count, BEGINNING))
    return [Gate(alpha, row.tolist()) for row in first]


def go_on(
    of: list[Gate], level: Callable[[int], float], nights: int, noise: float, seed: int = 2
) -> None:
    generator = np.random.default_rng(seed)
    for gate in of:
        for night, value in enumerate(generator.normal(0, noise, nights).tolist()):
            gate.night(level(night) + value)


SERIES = REPEATS // 10


@pytest.mark.parametrize(
    ("metrics", "noise", "rate"), [(1, 0.03, 0.025), (1, 0.05, 0.025), (5, 0.03, 0.005)]
)
def test_in_a_long_run_of_nights_what_is_just_allowed_is_called_no_more_often(
    metrics: int, noise: float, rate: float
) -> None:
    """Though only what passes joins: each night, how often a candidate would be called."""
    of = gates(0.05 / metrics, noise, SERIES)
    called = np.zeros(SERIES)
    nights = 40
    for step in range(nights):
        at = [norm.sf((gate.bounds()[1] - LIMIT) / noise) for gate in of]
        called += np.array(at) / nights
        go_on(of, lambda night: 0.0, 1, noise, seed=100 + step)
    error = float(called.std(ddof=1)) / np.sqrt(SERIES)
    assert rate * 0.6 - 3 * error <= called.mean() <= rate + 3 * error, (called.mean(), error)


def test_a_change_of_just_what_is_allowed_that_stays_is_called_no_more_often() -> None:
    of = gates(0.05, NOISE, SERIES)
    go_on(of, lambda night: LIMIT if night >= 15 else 0.0, 40, NOISE)
    called = np.array([np.mean(gate.calls[15:]) for gate in of])
    error = float(called.std(ddof=1)) / np.sqrt(SERIES)
    assert called.mean() <= 0.025 + 3 * error, (called.mean(), error)


@pytest.mark.parametrize(("metrics", "least"), [(1, 0.98), (5, 0.88)])
def test_thirty_percent_are_called_on_any_night(metrics: int, least: float) -> None:
    of = gates(0.05 / metrics, NOISE, SERIES)
    go_on(of, lambda night: 0.0, 30, NOISE)
    called = [norm.sf((gate.bounds()[1] - np.log(1.3)) / NOISE) for gate in of]
    assert np.mean(called) >= least, np.mean(called)


@pytest.mark.parametrize("nightly", [0.003, 0.005, 0.01])
def test_what_gets_slower_night_by_night_is_not_absorbed(nightly: float) -> None:
    """Called before three times of what is allowed has been lost, and never let in."""
    of = gates(0.05, NOISE, SERIES // 2)
    nights = int(np.log(1.33) / np.log1p(nightly))
    go_on(of, lambda night: night * float(np.log1p(nightly)), nights, NOISE)
    assert np.mean([any(gate.calls) for gate in of]) >= 0.99
    last = [gate.calls[-1] for gate in of]
    assert np.mean(last) >= 0.95, np.mean(last)

"""What gates on stored results must hold: of simulated sessions, on the function that decides.

Figures are of one end of an interval, as a gate's verdict is.  LAIOBENCH_LAWS=10 repeats them
ten times as often.
"""

import os

import numpy as np
import pytest
from scipy.stats import binom

from laiobench.comparison import independent

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

"""Changes for good: seldom told where there is none, and found where there is one.

Simulated series of logarithms, by the function that `history` and stored gates use.  AR(1) is of
its stationary spread, 3 %.
"""

import numpy as np
import pytest

from laiobench.comparison.change_points import Point, change_points
from laiobench.comparison.rank_tests import mann_whitney_brunner_munzel_p
from repeats import FACTOR, fewest_by_chance, most_by_chance

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600 * FACTOR)]

REPEATS = 250 * FACTOR
NOISE = 0.03
TEN_PERCENT = float(np.log(1.1))


def places(logs: np.ndarray) -> list[int]:
    """Where a change is told."""
    series = [Point(str(number), float(np.exp(log))) for number, log in enumerate(logs)]
    return [change.index for change in change_points(series)]


def told(series: np.ndarray) -> int:
    """In how many there is any."""
    return sum(bool(places(logs)) for logs in series)


def found(series: np.ndarray, at: int) -> int:
    """In how many there is one within two points of there."""
    return sum(any(abs(place - at) <= 2 for place in places(logs)) for logs in series)


# ---- noises ----------------------------------------------------------------------


def autoregressive(generator: np.random.Generator, points: int, rho: float) -> np.ndarray:
    new = generator.standard_normal((REPEATS, points))
    series = new.copy()
    for at in range(1, points):
        series[:, at] = rho * series[:, at - 1] + np.sqrt(1 - rho**2) * new[:, at]
    return NOISE * series


def sticky(generator: np.random.Generator, points: int, stay: float) -> np.ndarray:
    """Two modes that are 10 % apart, in one of which the machine stays for a while."""
    moves = generator.random((REPEATS, points)) > stay
    modes = (moves.cumsum(axis=1) + generator.integers(0, 2, (REPEATS, 1))) % 2
    return TEN_PERCENT * modes + 0.02 * generator.standard_normal((REPEATS, points))


# ---- no change -------------------------------------------------------------------


@pytest.mark.parametrize("points", [20, 40, 80])
@pytest.mark.parametrize(("rho", "rate"), [(0.0, 0.05), (0.5, 0.05), (0.9, 0.10)])
def test_noise_that_resembles_itself_is_no_change(points: int, rho: float, rate: float) -> None:
    series = autoregressive(np.random.default_rng(points), points, rho)
    assert told(series) <= most_by_chance(rate, REPEATS)


@pytest.mark.parametrize("runs", [3, 6])
@pytest.mark.parametrize(("rho", "rate"), [(0.0, 0.05), (0.5, 0.05), (0.9, 0.10)])
def test_sessions_of_several_runs_are_no_change(runs: int, rho: float, rate: float) -> None:
    """What a session is off by, its runs are together; they have a noise of their own besides."""
    generator = np.random.default_rng(runs)
    of_session = autoregressive(generator, 40, rho)
    own = NOISE / 2 * generator.standard_normal((REPEATS, 40, runs))
    series = np.median(of_session[:, :, None] + own, axis=2)
    assert told(series) <= most_by_chance(rate, REPEATS)


def test_a_wandering_level_under_a_quick_noise_is_no_change() -> None:
    generator = np.random.default_rng(2)
    series = autoregressive(generator, 60, 0.9) + autoregressive(generator, 60, 0.0)
    assert told(series) <= most_by_chance(0.10, REPEATS)


@pytest.mark.parametrize(
    ("stay", "points", "rate"), [(0.7, 60, 0.05), (0.8, 60, 0.05), (0.9, 100, 0.10)]
)
def test_sticky_modes_are_no_change(stay: float, points: int, rate: float) -> None:
    series = sticky(np.random.default_rng(4), points, stay)
    assert told(series) <= most_by_chance(rate, REPEATS)


@pytest.mark.parametrize("rare", [0.1, 0.2, 0.5])
def test_outliers_and_modes_that_do_not_stay_are_no_change(rare: float) -> None:
    generator = np.random.default_rng(6)
    series = NOISE * generator.standard_normal((REPEATS, 60))
    series += 0.2 * (generator.random((REPEATS, 60)) < rare)
    assert told(series) <= most_by_chance(0.05, REPEATS)


def test_a_rank_test_at_the_likeliest_place_breaks_this_law() -> None:
    """Which was what confirmed changes before: it takes points for independent."""
    series = autoregressive(np.random.default_rng(1), 60, 0.5)
    called = 0
    for logs in series:
        squares = [logs[:at].var() * at + logs[at:].var() * (60 - at) for at in range(3, 58)]
        at = 3 + int(np.argmin(squares))
        called += mann_whitney_brunner_munzel_p(logs[:at].tolist(), logs[at:].tolist()) <= 0.01
    assert called >= fewest_by_chance(0.25, REPEATS)


# ---- a change --------------------------------------------------------------------


@pytest.mark.parametrize(("before", "after"), [(20, 20), (30, 10), (30, 30)])
def test_ten_percent_at_three_percent_are_found_where_they_are(before: int, after: int) -> None:
    series = autoregressive(np.random.default_rng(before), before + after, 0.0)
    series[:, before:] += TEN_PERCENT
    assert found(series, before) >= fewest_by_chance(0.95, REPEATS)


def test_they_are_found_in_noise_that_resembles_itself_if_there_are_more() -> None:
    series = autoregressive(np.random.default_rng(9), 90, 0.5)
    series[:, 45:] += TEN_PERCENT
    assert found(series, 45) >= fewest_by_chance(0.90, REPEATS)


def test_each_step_of_a_stair_is_found() -> None:
    series = autoregressive(np.random.default_rng(8), 60, 0.0)
    series[:, 20:] += TEN_PERCENT
    series[:, 40:] += TEN_PERCENT
    assert found(series, 20) >= fewest_by_chance(0.95, REPEATS)
    assert found(series, 40) >= fewest_by_chance(0.95, REPEATS)


# ---- a gate's baseline -----------------------------------------------------------


def test_a_baseline_that_did_not_change_begins_anew_in_one_of_twenty_at_most() -> None:
    """The newest 20 sessions, which is what a gate looks at."""
    for rho in (0.0, 0.5):
        series = autoregressive(np.random.default_rng(20), 20, rho)
        assert told(series) <= most_by_chance(0.05, REPEATS)


def test_a_baseline_begins_anew_where_a_third_was_lost_five_nights_ago() -> None:
    series = autoregressive(np.random.default_rng(21), 20, 0.0)
    series[:, 15:] += np.log(4 / 3)
    assert found(series, 15) >= fewest_by_chance(0.95, REPEATS)

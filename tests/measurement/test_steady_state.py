"""Steady states: slopes and deviations, and how a watcher reads totals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laiobench.jobs.options import Job
from laiobench.jobs.options.search import parse_criterion
from laiobench.measurement.watch.steady_state import (
    SteadyWatch,
    max_deviation,
    mean,
    measure,
    slope,
)

RATES = st.lists(st.floats(0, 1e9), min_size=2, max_size=50)
SECOND = 10**9


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.integers(2, 50))
def test_the_slope_of_a_straight_line_is_its_own(start: float, step: float, count: int) -> None:
    line = [start + step * place for place in range(count)]
    assert slope(line) == pytest.approx(step, rel=1e-6, abs=1e-6)


@given(RATES)
def test_backwards_the_slope_is_the_contrary(values: list[float]) -> None:
    assert slope(values[::-1]) == pytest.approx(-slope(values), rel=1e-6, abs=1e-3)


@given(RATES)
def test_no_value_is_farther_from_the_mean_than_the_deviation(values: list[float]) -> None:
    farthest = max_deviation(values)
    assert all(abs(value - mean(values)) <= farthest for value in values)
    assert farthest <= max(values) - min(values) + 1e-3


@pytest.mark.parametrize(
    ("text", "expected"),
    [("iops:10", 20.0), ("iops:10%", 20.0), ("iops_slope:1", 10.0), ("iops_slope:1%", 10.0)],
)
def test_a_criterion_measures_what_it_names(text: str, expected: float) -> None:
    found = measure(parse_criterion(text), [80.0, 90.0, 100.0, 110.0, 120.0], [])
    assert found == pytest.approx(expected)


def test_a_rate_of_nothing_is_never_steady_in_percent() -> None:
    assert measure(parse_criterion("bw:50%"), [], [0.0, 0.0]) == float("inf")


@pytest.mark.parametrize("text", ["iops:5%", "bw_slope:0.25%", "bw:4194304", "iops_slope:3"])
def test_a_criterion_is_written_as_it_is_read(text: str) -> None:
    assert str(parse_criterion(text)) == text


@pytest.mark.parametrize("text", ["iops", "lat:5%", "iops:", "iops:x", "iops:-5%", "bw:1.5"])
def test_what_is_no_criterion_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_criterion(text)


def watch_of(criterion: str, **more: float) -> SteadyWatch:
    options = {"steadystate_duration": 3, **more}
    watch = SteadyWatch.of(Job(steadystate=criterion, **options))
    assert watch is not None
    return watch


def feed(watch: SteadyWatch, rates: list[int]) -> int:
    """The number of intervals, of a second each, after which it was steady; 0: never."""
    total = 0
    watch.add(0, 0, 0)
    for count, rate in enumerate(rates, start=1):
        total += rate
        if watch.add(count * SECOND, total, total * 4096):
            return count
    return 0


def test_it_is_steady_with_the_first_full_window_that_is() -> None:
    assert feed(watch_of("iops:10%"), [10, 50, 90, 100, 101, 99, 100]) == 5
    assert feed(watch_of("bw_slope:1%"), [10, 50, 90, 100, 100, 100]) == 6


def test_a_part_of_a_window_is_judged_by_nobody() -> None:
    watch = watch_of("iops:10%")
    assert feed(watch, [100, 100]) == 0
    assert not watch.outcome.is_full
    assert watch.outcome.iops == (100, 100)


def test_the_ramp_does_not_count() -> None:
    assert feed(watch_of("iops:10%", steadystate_ramp_time=2), [100] * 9) == 5


def test_the_window_rolls() -> None:
    watch = watch_of("iops:1%")
    assert feed(watch, [100, 200, 300, 400]) == 0
    assert watch.outcome.iops == (200, 300, 400)
    assert watch.outcome.slope == pytest.approx(100)
    assert watch.outcome.max_deviation == pytest.approx(100)


def test_without_a_criterion_nobody_watches() -> None:
    assert SteadyWatch.of(Job()) is None

"""The histogram's layout and percentiles, against the core and against sorting."""

import math
import statistics

from hypothesis import given
from hypothesis import strategies as st
from laiobench.native._core import lib

from laiobench.results.histogram import Histogram, bin_high, bin_low

MAX_NS = 60_000_000_000
latencies = st.lists(st.integers(min_value=0, max_value=MAX_NS), min_size=1, max_size=200)


def index_of(ns: int) -> int:
    """Where a value is counted, by bisecting the core's own bounds."""
    low, high = 0, lib.HISTOGRAM_COUNTS - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if lib.histogram_value(middle) <= ns else (low, middle - 1)
    return low


def histogram_of(values: list[int]) -> Histogram:
    counts: dict[int, int] = {}
    for value in values:
        counts[index_of(value)] = counts.get(index_of(value), 0) + 1
    return Histogram(sorted(counts.items()), min(values), max(values), sum(values))


@given(st.integers(min_value=0, max_value=lib.HISTOGRAM_COUNTS - 2))
def test_bins_are_the_core_s(index: int) -> None:
    assert bin_low(index) == lib.histogram_value(index)
    assert bin_high(index) + 1 == lib.histogram_value(index + 1)


@given(st.integers(min_value=0, max_value=MAX_NS))
def test_a_bin_is_right_to_three_digits(ns: int) -> None:
    index = index_of(ns)
    assert bin_low(index) <= ns <= bin_high(index)
    assert bin_high(index) - bin_low(index) <= max(0, ns / 1000)


@given(latencies, st.sampled_from([1.0, 50.0, 90.0, 99.0, 99.9, 100.0]))
def test_a_percentile_is_the_bin_of_the_nearest_rank(values: list[int], percentage: float) -> None:
    rank = max(1, math.ceil(percentage / 100 * len(values)))
    exact = sorted(values)[rank - 1]
    found = histogram_of(values).percentiles((percentage,))[percentage]
    assert found == min(bin_high(index_of(exact)), max(values))


@given(latencies)
def test_no_percentile_exceeds_the_maximum(values: list[int]) -> None:
    assert max(histogram_of(values).percentiles().values()) <= max(values)


@given(latencies)
def test_mean_is_exact_and_stddev_nearly(values: list[int]) -> None:
    histogram = histogram_of(values)
    assert histogram.mean == sum(values) / len(values)
    spread = statistics.pstdev(values)
    assert abs(histogram.stddev - spread) <= max(values) / 1000 + 1


def test_a_rank_is_exact_however_near_to_all_it_is() -> None:
    """Of 100 million values all the same but the last ten, which are each of their own."""
    total = 100_000_000
    last = [(10 + number, 1) for number in range(10)]
    histogram = Histogram([(5, total - 10), *last], 5, 19, 0)
    wanted = (99.99999, 99.999991, 99.999998, 99.999999, 100.0)
    assert list(histogram.percentiles(wanted).values()) == [5, 10, 17, 18, 19]


def test_an_empty_histogram_has_no_percentiles() -> None:
    histogram = Histogram([], 0, 0, 0)
    assert histogram.percentiles() == {}
    assert histogram.mean == histogram.stddev == 0.0


def test_what_overflowed_is_above_every_bin() -> None:
    histogram = Histogram([(5, 98)], 5, 70_000_000_000, 0, overflow=2)
    assert histogram.count == 100
    assert histogram.percentiles((98.0, 99.0)) == {98.0: 5, 99.0: 70_000_000_000}

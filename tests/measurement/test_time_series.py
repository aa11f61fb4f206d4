"""Time series are bounded in length, and exact although points are merged."""

from hypothesis import given
from hypothesis import strategies as st

from laiobench.measurement.watch.time_series import Series, make_interval

samples = st.lists(
    st.tuples(
        st.integers(min_value=0, max_value=1000),
        st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9)), max_size=5),
    ),
    max_size=100,
)


@given(samples, st.sampled_from([2, 4, 16]))
def test_merging_loses_nothing_and_keeps_the_limit(
    samples: list[tuple[int, list[tuple[int, int]]]], limit: int
) -> None:
    series = Series(limit)
    totals: dict[int, int] = {}
    for number, (size_bytes, pairs) in enumerate(samples):
        bins = sorted(dict(pairs).items())
        series.add(make_interval(number, sum(n for _, n in bins), size_bytes, bins, 9))
        for index, count in bins:
            totals[index] = totals.get(index, 0) + count
    points = list(series)
    assert len(points) <= limit
    assert sum(point.size_bytes for point in points) == sum(size for size, _ in samples)
    assert sum(point.ios for point in points) == sum(totals.values())
    merged: dict[int, int] = {}
    for point in points:
        for index, count in point.bins:
            merged[index] = merged.get(index, 0) + count
    assert merged == totals
    ends = [point.end_ns for point in points]
    assert ends == sorted(ends)
    assert not samples or ends[-1] == len(samples) - 1

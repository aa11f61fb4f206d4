"""Windows of logs: what is kept in the document is bounded, and sums to the totals."""

import pytest

from laiobench.measurement.watch.log_windows import Kept, Window


def window(number: int) -> Window:
    return Window(
        "read", number * 10, 10, 1 + number % 3, 4096, {"slat": float(number), "lat": 5.0}
    )


def test_of_many_windows_neighbours_are_merged_and_nothing_is_lost() -> None:
    kept, given = Kept(limit=8), [window(number) for number in range(1, 1001)]
    for each in given:
        kept.add(each)
        assert len(kept.all()) <= 8
    found = kept.all()
    assert [each.end_ns for each in found] == sorted(each.end_ns for each in found)
    assert found[-1].end_ns == given[-1].end_ns
    for total in ("length_ns", "ios", "size_bytes"):
        assert sum(getattr(w, total) for w in found) == sum(getattr(w, total) for w in given)
    assert sum(w.latency_ns["slat"] * w.ios for w in found) == pytest.approx(
        sum(w.latency_ns["slat"] * w.ios for w in given)
    )


def test_few_windows_are_kept_as_they_are() -> None:
    kept, given = Kept(limit=8), [window(number) for number in range(1, 8)]
    for each in given:
        kept.add(each)
    assert kept.all() == given

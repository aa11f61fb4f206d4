"""Reports of the core become plain Python data."""

from types import SimpleNamespace

import pytest
from laiobench.native._core import lib

from laiobench.native.reports import Bins, LatencyReport, latency_of

OVERFLOW = lib.HISTOGRAM_COUNTS - 1
EMPTY_MIN = (1 << 64) - 1


@pytest.mark.parametrize(
    ("minimum", "bins", "expected"),
    [
        (EMPTY_MIN, [], LatencyReport(0, 9, 9, [], 0)),
        (3, [(3, 2), (9, 1)], LatencyReport(3, 9, 9, [(3, 2), (9, 1)], 0)),
        (3, [(3, 2), (OVERFLOW, 5)], LatencyReport(3, 9, 9, [(3, 2)], 5)),
        (9, [(OVERFLOW, 5)], LatencyReport(9, 9, 9, [], 5)),
    ],
)
def test_the_last_bin_is_the_overflow(minimum: int, bins: Bins, expected: LatencyReport) -> None:
    assert latency_of(SimpleNamespace(min=minimum, max=9, sum=9), bins) == expected

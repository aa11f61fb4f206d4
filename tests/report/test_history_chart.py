"""The chart of a history, and the sentences below it."""

import math
import random

import pytest

from documents_of_runs import document, job
from laiobench.comparison.history import Series, find_series
from laiobench.report.text import history_chart
from laiobench.results.digest import digest


def series(*levels: float, noise: float = 0.01) -> Series:
    """A session a day."""
    random_ = random.Random(1)
    runs = [
        digest(
            document(
                job(p50_ns=level * math.exp(random_.gauss(0, noise))),
                started_at=f"20{26 + number // 336}-{1 + number // 28 % 12:02d}"
                f"-{1 + number % 28:02d}T00:00:00Z",
            )
        )
        for number, level in enumerate(levels)
    ]
    (found,) = find_series(runs, "lat_p50_ns")
    return found


def rendered(made: Series, width: int = 80) -> str:
    changes = made.changes(by_session=True, min_effect=0.02)
    return history_chart.render(made, changes, width, by_session=True)


@pytest.mark.parametrize("width", [20, 60, 200])
def test_the_chart_fits_and_marks_changes(width: int) -> None:
    text = rendered(series(*[1e5] * 40, *[1.5e5] * 40), width)
    chart = [line for line in text.splitlines() if "┤" in line]
    assert len(chart) == history_chart.HEIGHT
    assert all(len(line) <= width for line in chart)
    assert sum("│" in line for line in chart) >= history_chart.HEIGHT - 1
    assert " µs → 1" in text
    assert "worse (p ≤ " in text


def test_one_point_is_a_chart_too_and_no_reason_to_look_for_changes() -> None:
    text = rendered(series(1e5))
    assert "●" in text and "job read p50: 1 session" in text
    assert "no change can be found yet: that takes 8 sessions of measuring" in text


def test_no_change_is_said_and_why() -> None:
    assert "no change was found" in rendered(series(*[1e5] * 20))
    to_and_fro = [level for _ in range(6) for level in [*[1e5] * 6, *[1.4e5] * 5]]
    assert "switch between two levels" in rendered(series(*to_and_fro))


def test_runs_are_counted_beside_sessions() -> None:
    runs = [digest(document(job())) for _ in range(3)]
    (made,) = find_series(runs, "iops")
    texts = [
        history_chart.render(made, [], 80, by_session=by_session) for by_session in (True, False)
    ]
    assert "job read IOPS: 1 session of 3 runs" in texts[0]
    assert "job read IOPS: 3 runs in 1 session" in texts[1]

"""Changes are found where they are, and not where there is noise."""

import math
import random

import pytest

from documents_of_runs import document, job
from laiobench.comparison.change_points import (
    ChangePoint,
    Point,
    change_points,
    find_key,
    mixed,
    points,
)
from laiobench.errors import UsageError
from laiobench.report.text import history_chart
from laiobench.results.digest import RunDigest, digest
from laiobench.results.metrics import METRICS, Key

P50 = Key("job", "read", "lat_p50_ns")


def series(*stretches: tuple[int, float], noise: float = 0.0, seed: int = 1) -> list[Point]:
    """So many points at each level."""
    random_ = random.Random(seed)
    values = [level for count, level in stretches for _ in range(count)]
    return [
        Point(f"2026-01-{number:03d}", value * math.exp(random_.gauss(0, noise)))
        for number, value in enumerate(values)
    ]


def places(found: list[ChangePoint]) -> list[int]:
    return [change.index for change in found]


def test_a_step_is_found_where_it_is() -> None:
    (change,) = change_points(series((12, 100), (8, 112), noise=0.005))
    assert change.index == 12
    assert (change.before, change.after) == (pytest.approx(100, 0.01), pytest.approx(112, 0.01))
    assert change.ratio == pytest.approx(1.12, 0.01) and change.p < 0.01


def test_several_steps_are_found() -> None:
    assert places(change_points(series((9, 100), (9, 130), (9, 90), noise=0.005))) == [9, 18]


def test_noise_alone_is_hardly_ever_a_change() -> None:
    false = sum(bool(change_points(series((30, 100), noise=0.03, seed=s))) for s in range(40))
    assert false <= 3


@pytest.mark.parametrize("values", [[], [(1, 100.0)], [(5, 100.0)], [(30, 100.0)]])
def test_nothing_changed_in_what_is_short_or_flat(values: list[tuple[int, float]]) -> None:
    assert change_points(series(*values)) == []


def test_an_effect_below_the_smallest_is_not_told() -> None:
    small = series((15, 100), (15, 101), noise=0.0005)
    assert change_points(small) == []
    assert places(change_points(small, min_effect=0.005)) == [15]


def test_two_points_are_no_change_and_one_is_an_outlier() -> None:
    assert change_points(series((20, 100), (2, 150), noise=0.005)) == []
    assert change_points(series((12, 100), (1, 300), (12, 100), noise=0.005)) == []


def test_a_change_too_young_for_the_rank_test_waits() -> None:
    """3 against 3 could be chance once in ten times."""
    assert change_points(series((3, 100), (3, 200))) == []
    assert places(change_points(series((15, 100), (3, 200)))) == [15]


# ---- which values ----------------------------------------------------------------


def run(day: int, p50_ns: float = 1e5, **more: object) -> RunDigest:
    return digest(
        document(job(p50_ns=p50_ns, **more), started_at=f"2026-01-{day:02d}T00:00:00Z")  # type: ignore[arg-type]
    )


def test_points_are_in_the_order_of_time() -> None:
    found, lacking = points([run(3, 3e5), run(1, 1e5), run(2, 2e5)], P50, by_session=False)
    assert [point.value for point in found] == [1e5, 2e5, 3e5]
    assert lacking == 0


def test_a_session_is_one_point_if_that_is_asked_for() -> None:
    runs = [run(1, 1e5), run(1, 3e5), run(1, 2e5), run(2, 4e5)]
    found, _ = points(runs, P50, by_session=True)
    assert [point.value for point in found] == [2e5, 4e5]


def test_results_without_a_value_are_counted() -> None:
    found, lacking = points([run(1), run(2, ios=10)], P50, by_session=False)
    assert (len(found), lacking) == (1, 1)


@pytest.mark.parametrize(
    ("metric", "job_", "told"),
    [
        ("lat_p50", None, "did you mean lat_p50_ns"),
        ("iops", "jobb", "did you mean job"),
        ("response_p50_ns", "job", "no result has response_p50_ns"),
    ],
)
def test_what_is_not_there_is_said(metric: str, job_: str | None, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        find_key([run(1)], metric, job_, None)


def test_of_several_jobs_or_directions_one_must_be_chosen() -> None:
    two = digest(document(job("a"), job("b")))
    with pytest.raises(UsageError, match="several jobs"):
        find_key([two], "iops", None, None)
    assert find_key([two], "iops", "b", None) == Key("b", "read", "iops")
    with pytest.raises(UsageError, match="several directions"):
        find_key([run(1), run(2, direction="write")], "iops", None, None)


def test_results_of_several_machines_are_told() -> None:
    other = document(job()) | {"machine": {"cpu": {"model": "Other"}}}
    assert mixed([run(1), run(2)]) == []
    assert mixed([run(1), digest(other)]) == ["CPU model"]


# ---- the chart -------------------------------------------------------------------


@pytest.mark.parametrize("width", [20, 60, 200])
def test_the_chart_fits_and_marks_changes(width: int) -> None:
    made = series((40, 1e5), (40, 1.5e5), noise=0.01)
    text = history_chart.render("job p50", METRICS["lat_p50_ns"], made, change_points(made), width)
    chart = [line for line in text.splitlines() if "┤" in line]
    assert len(chart) == history_chart.HEIGHT
    assert all(len(line) <= width for line in chart)
    assert sum("│" in line for line in chart) >= history_chart.HEIGHT - 1
    assert "100 µs → 1" in text and "worse (p = " in text


def test_one_point_is_a_chart_too() -> None:
    text = history_chart.render("job", METRICS["iops"], series((1, 5)), [], 80)
    assert "●" in text and "no change was found" in text

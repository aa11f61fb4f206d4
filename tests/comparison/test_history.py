"""The series in stored results: by what the jobs do, with one point for each session."""

import pytest

from documents_of_runs import document, job
from laiobench.comparison.history import Series, find_series, only
from laiobench.errors import UsageError
from laiobench.results.digest import RunDigest, digest


def run(day: int, p50_ns: float = 1e5, *, hour: int = 0, **more: object) -> RunDigest:
    started_at = f"2026-01-{day:02d}T{hour:02d}:00:00Z"
    return digest(document(job(p50_ns=p50_ns, **more), started_at=started_at))  # type: ignore[arg-type]


def p50(*runs: RunDigest, **chosen: object) -> list[Series]:
    return find_series(runs, "lat_p50_ns", **chosen)  # type: ignore[arg-type]


def values(series: Series, *, by_session: bool = True) -> list[float]:
    return [point.value for point in series.points(by_session=by_session)]


# ---- points ----------------------------------------------------------------------


def test_points_are_in_the_order_of_time() -> None:
    (series,) = p50(run(3, 3e5), run(1, 1e5), run(2, 2e5))
    assert values(series) == [1e5, 2e5, 3e5]
    assert series.lacking == 0


def test_a_session_is_one_point_unless_single_runs_are_asked_for() -> None:
    (series,) = p50(run(1, 1e5), run(1, 3e5), run(1, 2e5), run(2, 4e5))
    assert values(series) == [2e5, 4e5]
    assert values(series, by_session=False) == [1e5, 3e5, 2e5, 4e5]


def test_other_jobs_between_two_runs_do_not_part_their_session() -> None:
    between = [
        digest(document(job("other"), started_at=f"2026-01-01T00:{minute}:00Z"))
        for minute in (20, 40)
    ]
    (series, _) = find_series([run(1, 1e5), run(1, 3e5, hour=1), *between], "lat_p50_ns")
    assert values(series) == [2e5]


def test_results_without_a_value_are_counted() -> None:
    (series,) = p50(run(1), run(2, ios=10))
    assert (len(series.runs), series.lacking) == (1, 1)


def test_a_change_is_one_between_sessions_though_runs_are_shown() -> None:
    days = [
        run(day, p50_ns * (1 + 0.002 * number), hour=0)
        for day in range(1, 17)
        for number in range(3)
        for p50_ns in [1e5 if day <= 10 else 1.3e5]
    ]
    (series,) = p50(*days)
    found = {
        by_session: [each.index for each in series.changes(by_session=by_session, min_effect=0.02)]
        for by_session in (True, False)
    }
    assert found == {True: [10], False: [30]}


def test_runs_of_one_session_show_no_change() -> None:
    (series,) = p50(*[run(1, 1e5)] * 20, *[run(1, 2e5)] * 20)
    assert series.changes(by_session=False, min_effect=0.02) == []


# ---- which series ----------------------------------------------------------------


def test_jobs_of_one_name_that_do_other_things_are_other_series() -> None:
    large = {"bs": 16384}
    small, big = p50(run(1, 1e5), run(2, 4e5, options=large), run(3, 1.1e5))
    assert (values(small), values(big)) == ([1e5, 1.1e5], [4e5])
    assert (small.told_apart, big.told_apart) == ("bs=4096", "bs=16384")


def test_they_are_told_apart_by_all_in_which_they_differ_and_by_defaults() -> None:
    found = p50(run(1), run(2, options={"bs": 16384}), run(3, options={"number_ios": 100}))
    assert [each.told_apart for each in found] == [
        "bs=4096, number_ios=null",
        "bs=16384, number_ios=null",
        "bs=4096, number_ios=100",
    ]


@pytest.mark.parametrize("option", ["write_bw_log", "directory", "filename"])
def test_what_changes_no_io_makes_no_other_series(option: str) -> None:
    (series,) = p50(run(1, options={option: "a"}), run(2, options={option: "b"}))
    assert len(series.sessions) == 2 and series.told_apart == ""


@pytest.mark.parametrize("written", ["4k", "4096", "4KiB"])
def test_one_of_a_name_is_chosen_as_the_option_is_written(written: str) -> None:
    runs = [run(1), run(2, options={"bs": 16384})]
    (series,) = p50(*runs, where=[("bs", written)])
    assert series.told_apart == "bs=4096"


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ([("bs", "8k")], "no job has bs=8k\n  there are jobs with bs=4096; bs=16384"),
        ([("bs", "no size")], "no job has bs=no size"),
        ([("iodepht", "1")], "there is no option iodepht; did you mean iodepth"),
        ([("=", "")], "there is no option ="),
    ],
)
def test_a_choice_of_none_says_what_there_is(where: list[tuple[str, str]], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        p50(run(1), run(2, options={"bs": 16384}), where=where)


def test_where_one_series_is_needed_it_says_how_to_choose() -> None:
    two = digest(document(job("a"), job("b")))
    with pytest.raises(UsageError, match="several jobs"):
        only(find_series([two], "iops"))
    assert only(find_series([two], "iops", job="b")).key == ("b", "read", "iops")
    with pytest.raises(UsageError, match="several directions"):
        only(p50(run(1), run(2, direction="write")))
    with pytest.raises(UsageError, match="several jobs have this name") as raised:
        only(p50(run(1), run(2, options={"bs": 16384})))
    assert "--where: bs=4096; bs=16384" in raised.value.remedy


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
        find_series([run(1)], metric, job=job_)


def test_results_of_several_machines_are_told() -> None:
    other = document(job()) | {"machine": {"cpu": {"model": "Other"}}}
    (alike,) = p50(run(1), run(2))
    (mixed,) = p50(run(1), digest(other))
    assert (alike.mixed, mixed.mixed) == ((), ("CPU model",))

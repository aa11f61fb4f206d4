"""Copies of a job: what is shown for each, and what once for all."""

import re
from collections.abc import Sequence
from typing import Any

import pytest

from documents_of_runs import document, job
from laiobench.report.text import merging, run_table
from laiobench.report.text.calibration_table import shares
from laiobench.report.text.costs import costs
from laiobench.results.run_result import Latency, RunResult

MS = 1_000_000


def copies(number: int, *, is_shared: bool = False, **more: Any) -> RunResult:
    """Copies of a job, each with an IOThread of its own, or all on one."""
    made = []
    for copy in range(number):
        one = job(
            ios=1000, p50_ns=10_000, copy=copy, options={"numjobs": number, **more},
            iothread="shared" if is_shared else f"iothread{copy}",
        )  # fmt: skip
        served = 1000 * (number if is_shared else 1)
        one["cpu"] = {
            "user_ns": 6 * MS, "system_ns": 2 * MS, "per_io_ns": 8 * MS / served,
            "ios": served, "measured_ns": 10 * MS,
        }  # fmt: skip
        one["counters"] |= {"submit": {"calls": served}}
        made.append(one)
    return RunResult.model_validate(document(*made))


def lines_of(result: RunResult, start: str) -> list[str]:
    return [line for line in run_table.render(result).splitlines() if line.startswith(start)]


def test_each_copy_has_its_row_and_all_together_have_one() -> None:
    rows = [line for line in lines_of(copies(4), "job") if " read " in line]
    assert [re.split(r"  +", row)[0] for row in rows] == [
        "job 1/4", "job 2/4", "job 3/4", "job 4/4", "job, all 4",
    ]  # fmt: skip
    assert all("100,000" in row for row in rows[:4]) and "400,000" in rows[4]


def test_a_job_without_copies_has_no_total() -> None:
    assert not lines_of(copies(1), "job, all")


def test_what_is_reported_as_one_has_one_row() -> None:
    rows = run_table.render(copies(3, group_reporting=True)).splitlines()
    assert sum(" read " in row and "IOPS" not in row for row in rows) == 1


def test_copies_have_one_line_of_costs() -> None:
    (line,) = [line for line in run_table.render(copies(4)).splitlines() if "cpu" in line]
    assert line.startswith("  cpu 8.00 µs per I/O (25% in the kernel), 320% of one CPU; 1.00 ")


def test_an_iothread_that_copies_share_costs_once() -> None:
    (line,) = [
        line for line in run_table.render(copies(4, is_shared=True)).splitlines() if "cpu" in line
    ]
    assert line.startswith("  cpu 2.00 µs per I/O (25% in the kernel), 80% of one CPU; 1.00 ")


def test_iothreads_that_copies_move_between_cost_once() -> None:
    """Each names first the one that it began on."""
    moving = copies(2).model_dump(by_alias=True)
    for one, iothreads in zip(moving["jobs"], (["a", "b"], ["b", "a"]), strict=True):
        one["iothreads"] = iothreads
        one["cpu"] |= {"ios": 2000, "measured_ns": 20 * MS, "per_io_ns": 8 * MS / 2000}
    (line,) = [
        line
        for line in run_table.render(RunResult.model_validate(moving)).splitlines()
        if "cpu" in line
    ]
    assert "cpu 4.00 µs per I/O" in line and "40% of one CPU" in line


@pytest.mark.parametrize("is_shared", [False, True])
def test_where_their_time_went_is_told_once(is_shared: bool) -> None:
    told = shares(copies(4, is_shared=is_shared), None)
    assert told == ["job: 80% of the time at work, 20% waiting for I/O"]


def test_of_a_pool_nobody_knows_where_its_time_went() -> None:
    assert costs(copies(2, engine="threads").jobs).time_shares is None


def test_copies_are_merged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their histograms are the most of what a table costs."""
    merged: list[int] = []
    once = merging.merged_latency

    def counted(parts: Sequence[Latency]) -> Latency:
        merged.append(len(parts))
        return once(parts)

    monkeypatch.setattr(merging, "merged_latency", counted)
    run_table.render(copies(4))
    assert merged.count(4) == 3  # slat, clat and lat

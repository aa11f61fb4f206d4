"""`laiobench history` and `laiobench export`, as users call them."""

import csv
import io
import json
from pathlib import Path

import pytest

from documents_of_runs import document, job
from program import Program


@pytest.fixture
def folder(program: Program) -> Path:
    """Twenty days, of which the last eight are slower."""
    place = program.folder / "results"
    place.mkdir()
    for day in range(1, 21):
        p50_ns = (1e5 if day <= 12 else 1.3e5) * (1 + 0.002 * (day % 3))
        made = document(job(p50_ns=p50_ns), started_at=f"2026-01-{day:02d}T00:00:00Z")
        (place / f"{day:02d}.json").write_text(json.dumps(made))
    return place


def test_a_history_has_its_points_and_its_changes(program: Program, folder: Path) -> None:
    made = program("history", "--metric", "lat_p50_ns", "--json").document
    assert len(made["points"]) == 20
    (change,) = made["changes"]
    assert (change["index"], change["started_at"]) == (12, "2026-01-13T00:00:00Z")
    assert change["ratio"] == pytest.approx(1.3, 0.01)
    text = program("history", folder, "--metric", "lat_p50_ns").stdout
    assert "job read p50: 20 points" in text and "30% worse" in text


def test_csv_is_for_other_change_point_tools(program: Program, folder: Path) -> None:
    rows = list(csv.reader(io.StringIO(program("history", folder, "--csv").stdout)))
    assert rows[0] == ["time", "iops"]
    assert len(rows) == 21 and float(rows[1][1]) == pytest.approx(10_000, 0.01)


@pytest.mark.parametrize(
    "arguments",
    [
        ["history", "nowhere"],
        ["history", "results", "--metric", "lat_p50"],
        ["history", "results", "--job", "other"],
        ["history", "results", "--csv", "--json"],
        ["history", "results", "--min-effect", "2"],
        ["export", "--format", "juint"],
        ["export", "--format", "junit"],
        ["export", "nowhere", "--format", "csv"],
        ["export", "--format", "csv", "--output", "results"],
    ],
)
def test_what_makes_no_sense_exits_2(program: Program, folder: Path, arguments: list[str]) -> None:
    outcome = program(*arguments)
    assert outcome.code == 2, outcome.stdout
    assert outcome.stderr.startswith("laiobench: error: ")


def test_a_damaged_result_is_told_and_no_history(program: Program, folder: Path) -> None:
    (folder / "21.json").write_text("{")
    outcome = program("history", folder)
    assert outcome.code == 2 and "21.json" in outcome.stderr


def test_results_are_exported_to_stdout_or_a_file(program: Program, folder: Path) -> None:
    fio = json.loads(program("export", "last", "--format", "fio-json+").stdout)
    assert fio["jobs"][0]["jobname"] == "job"
    assert program("export", folder, "--format", "csv", "--output", "all.csv").code == 0
    text = (program.folder / "all.csv").read_text()
    assert sum(line.count(",iops,") for line in text.splitlines()) == 20


def test_the_jobs_of_results_of_several_each_have_a_chart(program: Program) -> None:
    null = ("--engine=null", "--number_ios=100")
    for _ in range(2):
        assert program("run", "--name=a", *null, "--name=b", *null, "--rw=rw").code == 0
    outcome = program("history")
    assert outcome.code == 0, outcome.stderr
    for title in ("a read IOPS: 2 points", "b read IOPS: 2 points", "b write IOPS: 2 points"):
        assert title in outcome.stdout
    assert program("history", "--json").code == 2

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
    assert "job read p50: 20 sessions" in text and "30% worse" in text


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
        ["history", "results", "--where", "bs"],
        ["history", "results", "--where", "bs=8k"],
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
    for title in ("a read IOPS", "b read IOPS", "b write IOPS"):
        assert f"{title}: 1 session of 2 runs" in outcome.stdout
    assert program("history", "--json").code == 2


def test_jobs_of_one_name_with_other_blocks_are_two_histories(program: Program) -> None:
    null = ("--engine=null", "--number_ios=100", "--name=a")
    for bs in ("4k", "16k", "4k"):
        assert program("run", *null, f"--bs={bs}", f"--write_bw_log={bs}").code == 0
    outcome = program("history")
    assert outcome.code == 0, outcome.stderr
    assert "a (bs=4096) read IOPS: 1 session of 2 runs" in outcome.stdout
    assert "a (bs=16384) read IOPS: 1 session\n" in outcome.stdout
    refused = program("history", "--csv")
    assert refused.code == 2
    assert "several jobs have this name" in refused.stderr and "bs=16384" in refused.stderr
    chosen = program("history", "--where", "bs=16k", "--json").document
    assert (len(chosen["points"]), chosen["options"]["bs"]) == (1, 16384)
    assert program("history", "--where", "bs=16k", "--csv").stdout.count("\n") == 2


def test_sessions_are_the_points_unless_runs_are_asked_for(program: Program, folder: Path) -> None:
    for number in range(3):
        again = document(job(p50_ns=1.3e5), started_at=f"2026-01-20T00:0{number + 1}:00Z")
        (folder / f"again{number}.json").write_text(json.dumps(again))
    p50 = ("history", "--metric", "lat_p50_ns")
    sessions, runs = (program(*p50, *more, "--json").document for more in ((), ("--runs",)))
    assert (sessions["point"], len(sessions["points"])) == ("session", 20)
    assert (runs["point"], len(runs["points"])) == ("run", 23)
    assert [change["index"] for change in runs["changes"]] == [12]
    assert "20 sessions of 23 runs" in program(*p50).stdout
    assert "23 runs in 20 sessions" in program(*p50, "--runs").stdout


def test_help_says_what_a_session_is_and_how_single_runs_are_shown(program: Program) -> None:
    text = " ".join(program("history", "--help").stdout.split())
    for words in ("--sessions / --runs", "A session is measuring without a reboot", "bs=4k"):
        assert words in text


def test_without_the_extras_the_points_are_shown(program: Program, folder: Path) -> None:
    blocked = program.folder / "blocked"
    blocked.mkdir()
    (blocked / "numpy.py").write_text("raise ImportError('blocked')\n")
    without = Program(program.folder, {**program.environment, "PYTHONPATH": str(blocked)})
    made = without("history", "--csv")
    assert made.code == 0 and len(made.stdout.splitlines()) == 21
    refused = without("history")
    assert refused.code == 2 and "pip install '.[stats]'" in refused.stderr


def test_what_is_left_out_is_told_also_where_it_is_zero(program: Program) -> None:
    program("run", "--engine=null", "--number_ios=20", "-q")
    outcome = program("history", "results", "--metric=lat_p99.9_ns")
    assert "1 of 1 results of job job are left out: they have no lat_p99.9_ns above 0" in (
        outcome.stderr
    )

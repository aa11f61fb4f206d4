"""How stored results are named and listed: folders, references, widths of terminals."""

import dataclasses
import json
import os

import pytest

from program import Program

NULL = ("--engine=null", "--number_ios=100")
POLICY = """
schema = 1
[gate]
[[gate.metric]]
job = "storage"
name = "iops"
max_regression = 0.5
"""


def test_a_path_that_is_no_file_is_told_for_what_it_is(program: Program) -> None:
    folder = program.folder
    os.mkfifo(folder / "pipe.json")
    (folder / "zero.json").symlink_to("/dev/zero")
    (folder / "gone.json").symlink_to("nowhere")
    (folder / "results").mkdir()
    for name, told in (
        ("pipe.json", "pipe.json cannot be read: it is no regular file"),
        ("zero.json", "zero.json cannot be read: it is no regular file"),
        ("gone.json", "gone.json cannot be read: it is a link that leads nowhere"),
    ):
        for command in (("show", name), ("export", name, "--format", "csv")):
            outcome = program(*command)
            assert outcome.code == 2
            assert f"laiobench: error: {told}" in outcome.stderr
    assert "results is a folder, and no result" in program("show", "results").stderr


@pytest.fixture
def baseline(program: Program) -> str:
    """A baseline of two sessions."""
    (program.folder / "gate.toml").write_text(POLICY)
    for night in ("a.json", "b.json"):
        assert program("run", *NULL, "--name=storage", f"--output={night}").code == 0
        assert program("gate", "baseline", night, "--update-baseline").code == 0
    return "baseline"


def test_what_compare_reads_in_a_baseline_is_listed_shown_and_exported(
    program: Program, baseline: str
) -> None:
    rows = json.loads(program("list", "--results", baseline, "--json").stdout)
    assert len(rows) == 2
    began = [json.loads((program.folder / name).read_text())["started_at"]
             for name in ("a.json", "b.json")]  # fmt: skip
    assert [row["started_at"] for row in rows] == began
    for name, started_at in (("last", began[1]), ("last~1", began[0]), (rows[0]["id"], began[0])):
        shown = program("show", name, "--results", baseline, "--json")
        assert shown.code == 0, shown.stderr
        assert shown.document["started_at"] == started_at
    assert program("export", baseline, "--format=csv").stdout.count("iops") == 2


def test_last_but_some_is_a_reference_everywhere(program: Program) -> None:
    for name in ("one", "two", "three"):
        program("run", *NULL, f"--name={name}")
    names = [
        program("show", reference, "--json").document["jobs"][0]["name"]
        for reference in ("last", "last~0", "last~1", "last~2")
    ]
    assert names == ["three", "three", "two", "one"]
    missing = program("show", "last~3")
    assert missing.code == 2
    assert "there is no result last~3 in results" in missing.stderr
    assert "3 that there are" in missing.stderr


def test_last_is_the_latest_by_its_time_and_not_by_its_name(program: Program) -> None:
    program("run", *NULL, "--name=old", "--results=results/nightly")
    program("run", *NULL, "--name=new")
    (program.folder / "results" / "zzz.json").write_text("{}")
    shown = program("show", "last", "--json")
    assert shown.code == 0, shown.stderr
    assert shown.document["jobs"][0]["name"] == "new"
    assert program("show", "last~1", "--json").document["jobs"][0]["name"] == "old"


def test_the_environment_says_where_results_are(program: Program) -> None:
    environment = {**program.environment, "LAIOBENCH_RESULTS": "elsewhere"}
    there = dataclasses.replace(program, environment=environment)
    assert there("run", *NULL).code == 0
    assert [path.name for path in program.folder.iterdir()] == ["elsewhere"]
    assert "job" in there("list").stdout
    assert there("show").code == 0
    assert there("run", *NULL, "--output=x.json").code == 0  # contradicts nothing
    assert "there are no results in results" in program("list").stderr
    assert "there are no results in mine" in there("list", "--results=mine").stderr


def test_a_row_of_many_variants_or_jobs_is_short(program: Program) -> None:
    depths = ",".join(map(str, range(1, 19)))
    assert program("ab", *NULL, "--vary", f"iodepth={depths}", "--pairs=1", "-q").code == 0
    jobs = [word for number in range(9) for word in (f"--name=job-{number}-{'x' * 90}", *NULL)]
    assert program("run", *jobs).code == 0
    outcome = program("list")
    assert max(map(len, outcome.stdout.splitlines())) < 220
    assert "1, 2, 3 and 15 more" in outcome.stdout
    rows = json.loads(program("list", "--json").stdout)
    assert len(rows[0]["variants"]) == 18
    assert len(rows[1]["jobs"]) == 9

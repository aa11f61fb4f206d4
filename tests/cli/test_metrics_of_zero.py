"""Metrics that are 0 on one side, as `compare` and `gate` show them to people and programs."""

import csv
import io
import json
from pathlib import Path

import pytest

from documents_of_runs import document, job
from program import Program

POLICY = """
schema = 1
[gate]
[[gate.metric]]
job = "job"
name = "switches_per_io"
max_regression = 0.10
"""


def store(folder: Path, switches: int, month: int) -> Path:
    folder.mkdir()
    for day in range(1, 8):
        made = document(
            job(switches=switches * day), started_at=f"2026-{month:02d}-{day:02d}T00:00:00Z"
        )
        (folder / f"{day}.json").write_text(json.dumps(made))
    return folder


@pytest.fixture
def folders(program: Program) -> tuple[Path, Path]:
    (program.folder / "gate.toml").write_text(POLICY)
    return store(program.folder / "base", 0, 1), store(program.folder / "new", 20_000, 2)


def test_compare_and_its_formats_have_the_difference(
    program: Program, folders: tuple[Path, Path]
) -> None:
    outcome = program("compare", *folders, "--json")
    assert outcome.code == 0, outcome.stderr
    (program.folder / "compared.json").write_text(outcome.stdout)

    def exported(name: str) -> str:
        return program("export", "compared.json", "--format", name).stdout

    (found,) = (m for m in outcome.document["metrics"] if m["metric"] == "switches_per_io")
    assert (found["ratio"], found["verdict"]) == (None, "regress")
    difference = found["difference"]
    assert 0.1 <= difference["low"] <= difference["estimate"] <= difference["high"] <= 0.7
    rows = csv.DictReader(io.StringIO(exported("csv")))
    (row,) = (row for row in rows if row["metric"] == "switches_per_io")
    assert row["ratio"] == ""
    assert float(row["difference_low"]) == pytest.approx(difference["low"])
    assert "| +0.4" in exported("markdown")
    text = exported("prometheus")
    assert 'laiobench_difference_low{direction="",job="job",metric="switches_per_io"' in text
    assert "laiobench_difference{" in text


def test_a_gate_fails_by_it_and_ci_reads_why(program: Program, folders: tuple[Path, Path]) -> None:
    outcome = program(
        "gate", *folders, "--export", "junit=j.xml", "--export", "github-summary=s.md"
    )
    assert outcome.code == 3, outcome.stderr
    assert "job switches per I/O is 0.4 worse [+" in outcome.stdout
    assert "switches per I/O is 0.4 worse" in (program.folder / "j.xml").read_text()
    assert "+0.4" in (program.folder / "s.md").read_text()
    shown = program("gate", folders[0], folders[0])
    assert shown.code == 0, shown.stdout
    assert "shows no difference [0, 0]" in shown.stdout

"""`show` and exports for people show all that was said when the document was made."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from program import Program


@pytest.fixture
def document(program: Program) -> dict[str, Any]:
    """Of a run on a file, of which much is to be said."""
    (program.folder / "data").write_bytes(bytes(1 << 20))
    made: dict[str, Any] = program(
        "run", "--filename=data", "--rw=randread", "--number_ios=100", "--gtod_reduce=1", "--json"
    ).document
    made["status"] = "failed"
    made["failures"] = ["job: the device was gone"]
    made["warnings"] = [
        {"id": "a", "seen": "job was slow", "why": "it rained", "do": "wait for the sun"},
        {"id": "b", "seen": "job was late", "why": "of traffic", "do": "leave early"},
    ]
    (program.folder / "results" / "10000101T000000Z-told.json").write_text(json.dumps(made))
    return made


def facts(document: dict[str, Any]) -> list[str]:
    """What must not get lost."""
    machine, (target,) = document["machine"], document["machine"]["targets"].values()
    return [
        document["started_at"][:10], machine["host"], machine["kernel"], machine["cpu"]["model"],
        document["tool"]["version"], document["tool"]["build"], "--gtod_reduce=1",
        *(str(target[key]) for key in ("file_system", "driver") if target.get(key)),
        "job: the device was gone", "every I/O is timed and recorded all the same",
        "job was slow: it rained", "job was late: of traffic",
    ]  # fmt: skip


def test_show_tells_all_that_run_told(program: Program, document: dict[str, Any]) -> None:
    shown = program("show", "10000101")
    for fact in facts(document):
        assert fact in shown.stdout
    assert "wait for the sun" in shown.stdout
    assert "IOPS" in shown.stdout
    assert shown.stderr == ""


def test_what_run_says_show_says(program: Program) -> None:
    said = program("run", "--engine=null", "--number_ios=100", "--gtod_reduce=1", "--iodepth=64")
    shown = program("show").stdout
    lines = [line for line in said.stderr.splitlines() if not line.startswith("saved in")]
    assert any(line.startswith("note: ") for line in lines)
    for line in [*lines, *said.stdout.splitlines()]:
        assert line in shown


def test_markdown_carries_it_all(program: Program, document: dict[str, Any]) -> None:
    text = program("export", "10000101", "--format=markdown").stdout.replace("\\", "")
    for fact in facts(document):
        assert fact in text
    assert "**failed**" in text


def test_every_line_of_csv_carries_it_all(program: Program, document: dict[str, Any]) -> None:
    rows = list(csv.DictReader(io.StringIO(program("export", "10000101", "--format=csv").stdout)))
    assert len(rows) > 1
    for row in rows:
        for fact in facts(document)[1:]:
            assert fact in " ".join(row.values())
        assert row["warnings"] == "job was slow: it rained; job was late: of traffic"


def test_a_run_without_numbers_has_a_line_of_csv_too(
    program: Program, document: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "empty.json"
    path.write_text(json.dumps(document | {"jobs": []}))
    (row,) = csv.DictReader(io.StringIO(program("export", path, "--format=csv").stdout))
    assert (row["status"], row["failures"]) == ("failed", "job: the device was gone")


def test_a_comparison_is_shown_with_what_was_said_of_it(program: Program) -> None:
    made = program(
        "ab", "--engine=null", "--number_ios=100", "--vary=iodepth=1,2", "--pairs=1", "--json"
    ).document
    made["warnings"] = [{"id": "a", "seen": "it was slow", "why": "it rained", "do": "wait"}]
    made["failures"] = ["two\nlines"]
    path = program.folder / "c.json"
    path.write_text(json.dumps(made))
    host = made["trials"][0]["run"]["machine"]["host"]
    for words in (("show", path), ("export", path, "--format=markdown")):
        text = program(*words).stdout
        assert "warning: it was slow: it rained" in text
        assert host in text and made["started_at"][:10] in text
        assert not any(line.startswith("lines") for line in text.splitlines())

"""A kind of document is a row: documents of every kind are listed, shown and exported."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, cast

import pytest
from click.testing import CliRunner
from pydantic import ConfigDict, Field

from laiobench.cli.interruption import Interruption
from laiobench.cli.main import cli
from laiobench.errors import UsageError
from laiobench.report import export
from laiobench.report.kinds import SHOWN, ShownKind
from laiobench.report.points import MetricPoint
from laiobench.results import store
from laiobench.results.document import Listing
from laiobench.results.kinds import KINDS, Kind
from laiobench.results.metrics import METRICS
from laiobench.results.model import Record, Time, json_of
from laiobench.results.run_result import RunResult, Tool
from laiobench.results.selection import read_runs, select
from laiobench.results.warning import Warning
from program import Program


class Ladder(Record):
    """A document of a kind that laiobench has not."""

    schema_version: int = Field(1, alias="schema")
    kind: Literal["ladder"] = "ladder"
    status: Literal["ok", "failed"]
    failures: list[str]
    tool: Tool
    argv: list[str]
    started_at: Time
    notes: list[str]
    warnings: list[Warning]
    rungs: list[float]

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    @property
    def machine(self) -> dict[str, Any]:
        return {"host": "here"}

    def runs(self) -> list[tuple[str | None, RunResult]]:
        return []

    def runs_to_compare(self) -> list[RunResult]:
        return []

    def to_json(self) -> str:
        return json_of(self)


LADDER = Ladder(
    status="failed",
    notes=[],
    failures=["the third rung broke"],
    tool=Tool(version="1", build=""),
    argv=["laiobench", "ladder"],
    started_at="2026-01-01T00:00:00Z",
    warnings=[Warning(id="a", seen="rungs creak", why="of age", do="climb softly")],
    rungs=[100.0, 250.0],
)


def _listed(ladder: Ladder) -> Listing:
    return Listing(ladder.kind, ladder.started_at, ladder.status, jobs=["rung"], iops=ladder.rungs)


def _table(ladder: Ladder) -> str:
    return "\n".join(f"rung {rung:g}" for rung in ladder.rungs)


def _points(ladder: Ladder) -> list[MetricPoint]:
    return [MetricPoint("rung", "read", METRICS["iops"], rung) for rung in ladder.rungs]


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A folder of results with a document of a kind that is but two rows."""
    row = Kind(f"{__name__}:Ladder", "a ladder", _listed, file_prefix="ladder")
    shown = ShownKind(_table, {"ladder": "ladders"}, points=_points)
    monkeypatch.setitem(cast("dict[str, Kind]", KINDS), "ladder", row)
    monkeypatch.setitem(cast("dict[str, ShownKind]", SHOWN), "ladder", shown)
    store.save(LADDER, tmp_path)
    monkeypatch.chdir(tmp_path)
    yield tmp_path


def call(*words: str) -> Any:
    done = CliRunner().invoke(cli, [*words, "--results=."], obj=Interruption())
    if isinstance(done.exception, UsageError):
        raise done.exception
    assert done.exception is None, done.exception
    return done


def test_what_is_stored_of_it_is_named_after_it(folder: Path) -> None:
    (path,) = folder.iterdir()
    assert path.name.startswith("20260101T000000Z-ladder-rung-")
    assert store.load_document(path) == LADDER


def test_it_is_listed(folder: Path) -> None:
    (row,) = json.loads(call("list", "--json").stdout)
    assert (row["kind"], row["status"], row["iops"]) == ("ladder", "failed", [100.0, 250.0])
    assert " ladder " in call("list").stdout


def test_it_is_shown_with_all_that_was_said(folder: Path) -> None:
    shown = call("show").stdout
    for words in ("rung 250", "the third rung broke", "rungs creak", "climb softly", "here"):
        assert words in shown
    assert json.loads(call("show", "--json").stdout)["rungs"] == [100.0, 250.0]


@pytest.mark.parametrize(
    "name", ["json", "csv", "markdown", "bencher", "prometheus", "bigger-is-better"]
)
def test_it_is_exported_by_its_points(folder: Path, name: str) -> None:
    assert "250" in call("export", f"--format={name}").stdout


@pytest.mark.parametrize("name", ["junit", "hdr", "fio-json", "benchfmt"])
def test_what_it_cannot_be_is_refused_in_a_sentence(folder: Path, name: str) -> None:
    with pytest.raises(UsageError, match=f"{name} is not for ladders") as refused:
        call("export", f"--format={name}")
    assert "for those: json, csv, markdown" in refused.value.remedy


def test_it_has_no_runs_and_is_left_out_of_those_of_a_folder(folder: Path) -> None:
    (path,) = folder.iterdir()
    with pytest.raises(UsageError, match="is a ladder, which has no runs to compare"):
        read_runs(path)
    with pytest.raises(UsageError, match="holds no results"):
        select(str(folder), folder)
    with pytest.raises(UsageError, match="is a ladder, and not the result of a run"):
        store.load(path)


# ---- the kinds that there are ----------------------------------------------------


def test_both_tables_have_the_same_kinds() -> None:
    assert list(KINDS) == list(SHOWN)


def test_a_kind_is_called_as_its_documents_call_it() -> None:
    for name, kind in KINDS.items():
        assert issubclass(kind.model, Record)
        assert kind.model.model_fields["kind"].default == name
        assert kind.model.model_fields["schema_version"].default == kind.schema


def test_each_form_of_a_kind_is_written_as_json_and_a_format_names_only_such() -> None:
    forms = [form for kind in SHOWN.values() for form in kind.forms]
    assert len(forms) == len(set(forms))
    for form in forms:
        assert "json" in export.formats_for(form)
    for known in export.FORMATS.values():
        assert known.functions.keys() <= set(forms)


def test_a_calibration_is_a_document_as_others_are(program: Program) -> None:
    made = program(
        "calibrate", "--engine=null", "--rw=randread", "--length=0.05", "--pairs=6",
        "--output=results/noise.json",
    )  # fmt: skip
    assert made.code == 0
    (row,) = json.loads(program("list", "--json").stdout)
    assert (row["id"], row["kind"], row["status"]) == ("noise", "calibration", "ok")
    assert row["jobs"] == ["job"]
    shown = program("show", "noise").stdout
    assert "pairs for 5%" in shown and " calibrate --engine=null" in shown
    for table in made.stdout.strip().splitlines():
        assert table in shown
    assert "lat_p50_ns" in program("export", "noise", "--format=csv").stdout
    refused = program("export", "noise", "--format=hdr")
    assert refused.code == 2 and "hdr is not for calibrations" in refused.stderr
    program("run", "--engine=null", "--number_ios=100")
    assert program("compare", "results", "results").code == 0
    named = program("compare", "noise", "last~1")
    assert named.code == 2 and "is a calibration, which has no runs to compare" in named.stderr

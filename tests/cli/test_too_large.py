"""A document that is too large to be read again is saved whole, with a warning."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from laiobench.cli.interruption import Interruption
from laiobench.cli.main import cli
from laiobench.errors import UsageError
from laiobench.files import regular


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where no document of a run is small enough."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(regular, "MOST_DOCUMENT_BYTES", 1 << 10)
    return tmp_path


def call(*words: str) -> Any:
    return CliRunner().invoke(cli, words, obj=Interruption())


@pytest.mark.parametrize("more", [(), ("-q",)])
def test_a_run_tells_it_and_keeps_all(folder: Path, more: tuple[str, ...]) -> None:
    done = call("run", "--engine=null", "--number_ios=100", "--output=it.json", *more)
    assert done.exception is None
    assert "warning: it.json has " in done.stderr
    assert "reads documents of up to 1 KiB: it is saved whole" in done.stderr
    assert json.loads(Path("it.json").read_text())["status"] == "ok"
    refused = call("show", "it.json").exception
    assert isinstance(refused, UsageError) and "is larger than" in str(refused)


def test_a_comparison_tells_it_once(folder: Path) -> None:
    done = call(
        "ab", "--engine=null", "--number_ios=100", "--vary", "iodepth=1,2", "--pairs=2",
        "--results=kept",
    )  # fmt: skip
    (path,) = Path("kept").iterdir()
    assert len(json.loads(path.read_text())["trials"]) == 4
    assert done.stderr.count("it is saved whole") == 1


def test_a_bisection_tells_it_once(folder: Path) -> None:
    Path("us").write_text("50\n50.01\n80\n")
    done = call(
        "bisect", "--engine=null", "--number_ios=300", "--null_latency_us={rev}",
        "--revisions=us", "--metric=lat_p50_ns", "--max-trials=4", "--results=kept",
    )  # fmt: skip
    assert len(list(Path("kept").iterdir())) == 1
    assert done.stderr.count("it is saved whole") == 1

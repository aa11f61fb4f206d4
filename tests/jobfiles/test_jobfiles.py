"""Job files of the kinds that fio's users share run as they are.

Each was written for somebody's disk; only filename, size and runtime are others here.
"""

import json
import os
from pathlib import Path

import pytest

from program import Program

FOLDER = Path(__file__).parent
FILES = sorted(FOLDER.glob("*.fio"))
SIZE_BYTES = 4 << 20


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of our own, on a real file system."""
    path = tmp_path_factory.mktemp("jobfiles") / "target"
    path.write_bytes(os.urandom(SIZE_BYTES))
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return path


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_job_file_runs_as_it_is(program: Program, target: Path, path: Path) -> None:
    outcome = program(
        "run", path, f"--filename={target}", "--size=2m", "--runtime=300ms",
        f"--allow-write={target}", "--no-save", "--json", "-q",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    document = outcome.document
    assert document["status"] == "ok"
    sections = [line for line in path.read_text().splitlines() if line.startswith("[")]
    names = [line.strip("[]") for line in sections if not line.startswith("[global")]
    assert list(dict.fromkeys(job["name"] for job in document["jobs"])) == names
    for job in document["jobs"]:
        assert sum(job[name]["ios"] for name in ("read", "write", "trim") if job.get(name)) > 0


def test_buffered_jobs_warn(program: Program, target: Path) -> None:
    outcome = program(
        "run", FOLDER / "buffered.fio", f"--filename={target}", "--size=2m", "--no-save", "--json",
    )  # fmt: skip
    warnings = json.loads(outcome.stdout)["warnings"]
    assert "buffered" in [warning["id"] for warning in warnings]

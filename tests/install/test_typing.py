"""Type checkers use the package's types, from a wheel and from an editable install."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from installation import ROOT, Environment

pytestmark = pytest.mark.timeout(600)  # nothing is cached, and a wheel may have to be built

RIGHT = """
import laiobench

job = laiobench.Job(filename="/dev/zero", rw="randread", bs="4k", runtime="5s", direct=0)
result = laiobench.run(job)
iops: float = result.jobs[0].read.iops
depth: int = job.iodepth
comparison = laiobench.ab(job, vary={"iodepth": [1, 32]}, pairs=10)
ratio: float | None = comparison.find("iops")[0].ratio
again = laiobench.compare([result, laiobench.load("result.json")], [comparison])
again.to_frame()
"""
WRONG = """
import laiobench

laiobench.Job(iodeph=3)
laiobench.run(laiobench.Job(direct=0)).jobs[0].raed
depth: str = laiobench.Job().iodepth
"""


def check(folder: Path, *options: str | Path) -> str:
    """What mypy says of the programs in a folder, which knows no checkout."""
    mypy = [
        sys.executable,
        "-m",
        "mypy",
        "--cache-dir",
        folder / "cache",
        *options,
        *folder.glob("*.py"),
    ]
    done = subprocess.run(mypy, cwd=folder, capture_output=True, text=True, check=False)
    assert not done.stderr, done.stderr
    return done.stdout


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    (tmp_path / "right.py").write_text(RIGHT)
    (tmp_path / "wrong.py").write_text(WRONG)
    return tmp_path


def assert_believed(told: str) -> None:
    lines = [line for line in told.splitlines() if ": error: " in line]
    assert [line[:10] for line in lines] == ["wrong.py:4", "wrong.py:5", "wrong.py:6"], told
    assert '"iodeph"' in lines[0] and '"raed"' in lines[1] and '"int"' in lines[2]


def test_the_editable_install_is_believed(programs: Path) -> None:
    assert_believed(check(programs, "--strict"))


def test_the_wheel_is_believed(programs: Path, plain: Environment) -> None:
    assert_believed(check(programs, "--strict", "--python-executable", plain.python))


def test_what_is_documented_type_checks(tmp_path: Path) -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    for page in pages:
        for number, block in enumerate(re.findall(r"```python\n(.*?)```", page.read_text(), re.S)):
            if "laiobench" in block:
                (tmp_path / f"{page.stem.replace('-', '_')}_{number}.py").write_text(block)
    assert len(list(tmp_path.iterdir())) >= 3
    assert check(tmp_path).startswith("Success")

"""What an I/O costs in user space, in instructions: repeatable, as no time is.

Each budget is a little above what was measured; whoever lowers the cost lowers it too.
"""

import re
import subprocess
from pathlib import Path

import pytest

from native_programs import build

# The calibration of the clock goes by time, and its instructions vary: so many I/Os that
# they do not show.
FEW, MANY = 20_000, 320_000

# Engine, mode, iodepth, file, and instructions for each I/O at most.
BUDGETS = [
    ("null", "poll", 1, None, 540),
    ("null", "poll", 32, None, 275),
    ("libaio", "poll", 1, "/dev/zero", 610),
    ("libaio", "poll", 32, "/dev/zero", 265),
    ("libaio", "getevents", 32, "/dev/zero", 270),
    ("io_uring", "poll", 1, "/dev/zero", 755),
    ("io_uring", "poll", 32, "/dev/zero", 325),
    ("psync", "submit", 1, "/dev/zero", 600),
]


def instructions(folder: Path, *arguments: str) -> int:
    """That the program executes, all of its threads."""
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/callgrind.out",
         build("hot_path", "optimized"), *arguments],
        capture_output=True, text=True, timeout=100, check=True,
    )  # fmt: skip
    match = re.search(r"Collected : (\d+)", done.stderr)
    assert match, done.stderr
    return int(match[1])


@pytest.mark.alone  # beside others its threads wait for each other, and count that, too
@pytest.mark.valgrind
@pytest.mark.parametrize(("engine", "mode", "iodepth", "path", "budget"), BUDGETS)
def test_an_io_stays_within_its_budget(
    engine: str, mode: str, iodepth: int, path: str | None, budget: int, tmp_path: Path
) -> None:
    """Set-up and end are in both counts, and so not in their difference."""
    few, many = (
        instructions(tmp_path, engine, mode, str(iodepth), str(ios), *([path] if path else []))
        for ios in (FEW, MANY)
    )
    per_io = (many - few) / (MANY - FEW)
    assert per_io < budget, f"{per_io:.0f} instructions for an I/O"

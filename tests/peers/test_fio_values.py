"""The forms of values are read as fio reads them."""

import re
import subprocess
from pathlib import Path

import pytest

from laiobench import units
from laiobench.jobs.sources import fio_file, resolve

pytestmark = pytest.mark.fio


def sizes_in_fio(tmp_path: Path, options: str) -> list[tuple[int, int]]:
    """The least and the largest size of reads, writes and trims, as fio announces them."""
    path = tmp_path / "job.fio"
    path.write_text(f"[a]\nioengine=null\nsize=1m\nrw=randrw\nnumber_ios=1\n{options}\n")
    done = subprocess.run(
        ["fio", path], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False
    )
    found = re.findall(r"\([RWT]\) ([\d.]+\w+)-([\d.]+\w+)", done.stdout)
    return [(units.parse_size(least), units.parse_size(most)) for least, most in found]


@pytest.mark.parametrize(
    "written",
    ["8k", "8k,16k", "1k,2k,3k", ",8k", "8k,", "8k,,16k", ",,16k", "8k,16k,"],
)
def test_sizes_per_direction(tmp_path: Path, written: str) -> None:
    (job,) = resolve(fio_file.parse(f"[a]\nbs={written}\n", "job.fio").drafts)
    assert sizes_in_fio(tmp_path, f"bs={written}") == [(size, size) for size in job.bs.values()]


@pytest.mark.parametrize(
    "options", ["bs=16k\nbs=,8k", "bs=16k,32k\nbs=8k,", "blocksize=4k\nbs=,,2k"]
)
def test_what_is_left_blank_is_as_it_was(tmp_path: Path, options: str) -> None:
    (job,) = resolve(fio_file.parse(f"[a]\n{options}\n", "job.fio").drafts)
    assert sizes_in_fio(tmp_path, options) == [(size, size) for size in job.bs.values()]

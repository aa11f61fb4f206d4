"""What `explain` says of fio's reading of a job file is what fio does."""

import re
import subprocess
from pathlib import Path

import pytest

from laiobench.jobs.options import option_names
from laiobench.jobs.sources import fio_file
from laiobench.jobs.sources.fio_compat import FOREIGN
from laiobench.jobs.sources.fio_differences import DEFAULTS, misread_kilos

pytestmark = pytest.mark.fio

HEADER = "[a]\nioengine=null\nsize=1g\nnumber_ios=1\n"


def told_by_fio(tmp_path: Path, options: str) -> str:
    """How fio announces the job."""
    path = tmp_path / "job.fio"
    path.write_text(HEADER + options + "\n")
    done = subprocess.run(
        ["fio", path], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False
    )
    return done.stdout


@pytest.mark.parametrize(
    "written",
    ["4kib", "2MiB", "1.5k", "1.5kib", "0.5m", " 8k", "8k", "4kb", "4Ki", "1Mi", "0x1000", "4096"],
)
def test_sizes_that_fio_reads_otherwise(tmp_path: Path, written: str) -> None:
    text = f"{HEADER}bs={written}\n"
    setting = fio_file.parse(text, "job.fio").drafts[0].settings["bs"]
    said = re.match(r"fio reads ([\d,]+) bytes", setting.differs)
    ours = {"8k": 8192, "4kb": 4096, "4Ki": 4096, "1Mi": 1 << 20, "0x1000": 4096, "4096": 4096}
    expected = int(said[1].replace(",", "")) if said else ours[written]
    if not expected:
        return  # fio refuses a size of 0
    assert f"bs=(R) {shown(expected)}-" in told_by_fio(tmp_path, f"bs={written}")


@pytest.mark.parametrize(
    ("written", "size"),
    [("4KiB", 4096), ("4096", 4096), ("4k", 4000), ("4kb", 4000), ("4Ki", 4000)],
)
def test_with_kb_base_1000_only_what_fio_reads_alike_is_taken(
    tmp_path: Path, written: str, size: int
) -> None:
    assert f"bs=(R) {size}B-{size}B" in told_by_fio(tmp_path, f"kb_base=1000\nbs={written}")
    (draft,) = fio_file.parse(f"{HEADER}kb_base=1000\nbs={written}\n", "job.fio").drafts
    told = [str(error) for _, error in misread_kilos(draft)]
    # 1g is the size's own suffix, in HEADER
    assert any("bs=" in text for text in told) == (size != 4096)


def shown(size: int) -> str:
    """A size as fio announces it."""
    return f"{size}B" if size < 10_000 else f"{size // 1024}KiB"


def listed_by_fio(question: str) -> list[str]:
    done = subprocess.run(["fio", question], capture_output=True, text=True, check=False)
    return [line.split()[0].rstrip(":") for line in done.stdout.splitlines() if line.strip()]


def test_every_option_of_fio_is_ours_or_told_of() -> None:
    engines = listed_by_fio("--enghelp")[1:]
    assert "libaio" in engines
    names = {*listed_by_fio("--cmdhelp")}
    names.update(*(listed_by_fio(f"--enghelp={engine}") for engine in engines))
    names -= {"IO"}  # IO engine sync has no options
    # fio lists neither other names nor what it takes no more.
    names |= {"fileoffset", "io_limit", "nr_files", "blocksize", "readwrite", "fill_fs"}
    names |= {"bs_is_seq_rand", "percentage_sequential", "rwmixcycle"}
    assert len(names) > 250
    known = option_names() | FOREIGN.keys()
    assert sorted(name for name in names if name.replace("-", "_") not in known) == []


def test_a_duration_ends_at_its_point_in_fio(tmp_path: Path) -> None:
    setting = fio_file.parse(f"{HEADER}runtime=1.5m\n", "job.fio").drafts[0].settings["runtime"]
    assert setting.differs == "fio reads 1 s: it stops at the point"
    options = "runtime=1.5m\ntime_based\nthinktime=100ms\nnumber_ios=1000000"
    told = re.search(r"run=(\d+)-", told_by_fio(tmp_path, options))
    assert told is not None
    assert 900 <= int(told[1]) < 60_000


def test_the_defaults_are_fio_s(tmp_path: Path) -> None:
    path = tmp_path / "file"
    done = subprocess.run(
        ["fio", "--name=a", "--size=4k", f"--filename={path}"],
        cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert DEFAULTS["engine"].startswith("psync")
    assert "ioengine=psync" in done.stdout

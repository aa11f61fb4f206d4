"""Trims of files and devices are issued alone on an empty queue, and counted apart."""

from pathlib import Path
from typing import Any

import pytest

from program import Outcome, Program

BLOCK = 4096
SIZE = 64 * BLOCK


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "target.bin"
    path.write_bytes(b"\xee" * SIZE)
    return path


def run(program: Program, target: Path | str, *options: str) -> Outcome:
    return program(
        "run", "--json", "--no-save", f"--filename={target}", f"--allow-write={target}", *options
    )


def job_of(done: Outcome) -> dict[str, Any]:
    assert done.code == 0, done.stderr
    (job,) = done.document["jobs"]
    assert all(rule["holds"] for rule in job["proof"])
    return dict(job)


@pytest.mark.parametrize(
    "options", [["--completion=poll"], ["--completion=eventfd"], ["--engine=threads"]]
)
def test_a_file_gets_holes_where_it_was_trimmed(
    program: Program, target: Path, options: list[str]
) -> None:
    job = job_of(run(program, target, "--rw=randtrim", "--number_ios=16", "--iodepth=8", *options))
    assert job["trim"]["ios"] == 16
    assert job["trim"]["bytes"] == 16 * BLOCK
    assert job["write"] is job["read"] is None
    data = target.read_bytes()
    empty = [at for at in range(0, SIZE, BLOCK) if data[at : at + BLOCK] == bytes(BLOCK)]
    assert len(empty) == 16
    assert len(data) == SIZE
    assert data.count(0xEE) == SIZE - 16 * BLOCK


def test_each_block_is_trimmed_and_then_written(program: Program, target: Path) -> None:
    """As fio does: the two are one I/O of the size."""
    job = job_of(run(program, target, "--rw=trimwrite", "--iodepth=4", "--verify=crc32c"))
    assert job["trim"]["ios"] == job["write"]["ios"] == 64
    assert job["verify"]["blocks"] == 64
    assert job["verify"]["unknown_blocks"] == 0


def test_what_was_trimmed_is_not_verified(program: Program, target: Path) -> None:
    job = job_of(run(program, target, "--rw=trim", "--verify=crc32c"))
    assert (job["verify"]["blocks"], job["verify"]["unknown_blocks"]) == (0, 64)


@pytest.mark.root
def test_a_device_discards(program: Program, zram: str) -> None:
    device = Path(zram)
    job_of(run(program, zram, "--rw=write", "--size=1m"))
    with device.open("rb") as file:
        assert any(file.read(1 << 20))
    assert job_of(run(program, zram, "--rw=trim", "--size=1m"))["trim"]["ios"] == 256
    with device.open("rb") as file:
        assert not any(file.read(1 << 20))


def test_a_target_that_cannot_be_trimmed_is_refused(program: Program) -> None:
    done = run(program, "/dev/null", "--rw=trim", "--size=1m", "--direct=0")
    assert done.code == 1
    assert "/dev/null cannot be trimmed" in done.stderr


def test_a_trim_needs_the_word_that_data_may_be_lost(program: Program, target: Path) -> None:
    done = program("run", "--no-save", f"--filename={target}", "--rw=trim")
    assert done.code == 2
    assert f"--allow-write={target}" in done.stderr
    assert target.read_bytes() == b"\xee" * SIZE

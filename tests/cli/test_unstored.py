"""Reads of blocks that never reached the device: the warning that they are no real reads."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from guard.stacks import SECTOR, addpart, loop
from program import Program

SIZE = 4 << 20


def warnings(program: Program, target: Path | str, *options: str) -> dict[str, str]:
    """What was said of a run, by its id."""
    outcome = program(
        "run", "--no-save", "--json", f"--filename={target}", "--rw=read", "--number_ios=16",
        f"--allow-write={target}", *options,
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    said = ("memory", "holes", "unwritten", "unallocated")
    return {one["id"]: one["seen"] for one in outcome.document["warnings"] if one["id"] in said}


@pytest.fixture
def reserved(program: Program) -> Path:
    """Its blocks are allocated, and nothing was ever written to them."""
    path = program.folder / "reserved"
    with path.open("wb") as opened:
        os.posix_fallocate(opened.fileno(), 0, SIZE)
    return path


@pytest.fixture
def written(program: Program) -> Path:
    path = program.folder / "written"
    path.write_bytes(os.urandom(SIZE))
    return path


@pytest.mark.parametrize("engine", ["libaio", "threads"])
def test_blocks_that_were_reserved_and_never_written(
    program: Program, reserved: Path, engine: str
) -> None:
    seen = warnings(program, reserved, f"--engine={engine}")
    assert seen == {"unwritten": f"job: parts of {reserved} are allocated, but were never written"}


@pytest.mark.parametrize("engine", ["libaio", "threads"])
def test_holes(program: Program, engine: str) -> None:
    sparse = program.folder / "sparse"
    with sparse.open("wb") as opened:
        opened.truncate(SIZE)
    seen = warnings(program, sparse, f"--engine={engine}")
    assert seen == {"holes": f"job: parts of {sparse} are not allocated"}


def test_a_file_that_was_just_written_has_all_its_blocks(program: Program, written: Path) -> None:
    """Also while what was written waits in memory."""
    assert warnings(program, written) == {}
    written.write_bytes(os.urandom(SIZE))
    assert warnings(program, written, "--direct=0") == {}


def test_only_the_part_that_a_job_uses_matters(program: Program, reserved: Path) -> None:
    with reserved.open("r+b") as opened:
        opened.write(os.urandom(SIZE // 2))
    assert warnings(program, reserved, "--size=2m") == {}
    assert "unwritten" in warnings(program, reserved, "--size=2m", "--offset=2m")
    assert "unwritten" in warnings(program, reserved)


def test_what_a_job_wrote_itself_counts_from_then_on(program: Program, reserved: Path) -> None:
    write = ("--rw=write", "--number_ios=1024")
    assert "unwritten" in warnings(program, reserved, *write)
    assert warnings(program, reserved) == {}


def test_what_an_earlier_job_of_the_run_wrote_is_there(program: Program, reserved: Path) -> None:
    def ids(first_size: str) -> list[str]:
        outcome = program(
            "run", "--no-save", "--json", f"--filename={reserved}", f"--allow-write={reserved}",
            "--name=first", "--rw=write", f"--size={first_size}",
            "--name=second", "--stonewall", "--rw=read", "--size=4m",
        )  # fmt: skip
        assert outcome.code == 0, outcome.stderr
        seen = [one for one in outcome.document["warnings"] if one["id"] == "unwritten"]
        return [one["seen"].partition(":")[0] for one in seen]

    assert ids("2m") == ["first", "second"]
    reserved.unlink()
    with reserved.open("wb") as opened:
        os.posix_fallocate(opened.fileno(), 0, SIZE)
    assert ids("4m") == ["first"]


def test_files_that_are_kept_in_memory(program: Program) -> None:
    with (Path("/dev/shm") / f"laiobench-{os.getpid()}").open("wb") as opened:
        try:
            opened.write(bytes(SIZE))
            opened.flush()
            seen = warnings(program, opened.name, "--direct=0")
        finally:
            os.unlink(opened.name)  # noqa: PTH108
    assert seen == {"memory": f"job: {opened.name} is on tmpfs, which is memory"}


@pytest.mark.root
def test_files_on_ramfs(program: Program, tmp_path: Path) -> None:
    place = tmp_path / "ram"
    place.mkdir()
    subprocess.run(["mount", "-t", "ramfs", "ramfs", place], check=True)
    try:
        (place / "file").write_bytes(bytes(SIZE))
        seen = warnings(program, place / "file", "--direct=0")
    finally:
        subprocess.run(["umount", place], check=True)
    assert seen == {"memory": f"job: {place}/file is on ramfs, which is memory"}


@pytest.mark.root
def test_a_fresh_zram_has_nothing_to_read(program: Program, zram: str) -> None:
    name = Path(zram).name
    assert warnings(program, zram) == {
        "unallocated": f"job: {name} had stored 0 B when it was opened, and the job uses 64 MiB"
    }
    assert warnings(program, zram, "--rw=write", "--size=8m", "--number_ios=2048") == {}
    assert "had stored 8 MiB" in warnings(program, zram)["unallocated"]
    assert warnings(program, zram, "--size=8m") == {}


@pytest.fixture
def loop_on(program: Program) -> Iterator[list[str]]:
    made: list[str] = []
    yield made
    for device in made:
        subprocess.run(["losetup", "--detach", device], check=True)


@pytest.mark.root
@pytest.mark.loop
def test_a_loop_device_on_a_file_that_was_never_written(
    program: Program, reserved: Path, written: Path, loop_on: list[str]
) -> None:
    for file in (reserved, written):
        made = subprocess.run(
            ["losetup", "--find", "--show", file], check=True, capture_output=True, text=True
        )
        loop_on.append(made.stdout.strip())
    first, second = loop_on
    assert warnings(program, first) == {
        "unwritten": f"job: parts of {first} ({reserved}, which it is made of) are allocated, "
        "but were never written"
    }
    assert warnings(program, second) == {}


@pytest.mark.root
@pytest.mark.loop
def test_partitions_of_one(program: Program) -> None:
    """The first is on blocks that were written, the second begins before a hole."""
    file = program.folder / "disk"
    file.write_bytes(os.urandom(SIZE))
    os.truncate(file, 2 * SIZE)
    half = SIZE // SECTOR
    with (
        loop(file) as device,
        addpart(device, 1, 8, half - 128),
        addpart(device, 2, half - 64, half + 64),
    ):
        assert warnings(program, f"{device}p1") == {}
        second = f"{device}p2"
        assert warnings(program, second) == {
            "holes": f"job: parts of {second} ({file}, which it is made of) are not allocated"
        }
        assert warnings(program, second, "--size=32k") == {}

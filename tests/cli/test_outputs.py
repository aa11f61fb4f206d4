"""Files that a user names for what a run yields: what may be written, and what is found before."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from program import Program

NULL = ("run", "--engine=null", "--number_ios=10")
USAGE = 2


@pytest.fixture
def device(zram: str) -> Iterator[Path]:
    """A block device with data of somebody's."""
    Path(zram).write_bytes(b"precious" * 512)
    yield Path(zram)
    assert Path(zram).read_bytes()[:4096] == b"precious" * 512


@pytest.fixture
def stored(program: Program) -> str:
    assert program(*NULL, "--output=a.json").code == 0
    return "a.json"


@pytest.mark.root
@pytest.mark.parametrize("readonly", [(), ("--readonly",)])
def test_no_result_is_saved_onto_a_block_device(
    program: Program, device: Path, readonly: tuple[str, ...]
) -> None:
    link = program.folder / "link.json"
    link.symlink_to(device)
    for name in (device, link):
        outcome = program(*NULL, f"--output={name}", *readonly)
        assert outcome.code == USAGE
        assert f"{name} is a block device: nothing is ever saved onto that" in outcome.stderr
        assert outcome.stdout == ""
    assert link.is_symlink()


@pytest.mark.root
def test_no_export_is_written_onto_a_block_device(
    program: Program, device: Path, stored: str
) -> None:
    for arguments in (
        ("export", stored, "--format=csv", f"--output={device}"),
        ("export", stored, "--format=bencher", f"--output={device}"),
        ("export", stored, "--format=github-summary", f"--output={device}"),
        ("ab", "--vary=iodepth=1,2", "--engine=null", f"--export=csv={device}"),
        ("calibrate", "--engine=null", f"--output={device}"),
    ):
        outcome = program(*arguments)
        assert outcome.code == USAGE, arguments
        assert f"{device} is a block device" in outcome.stderr

"""Kernels and sandboxes that lack a facility: strace makes its calls fail."""

import errno
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from program import Outcome, Program

pytestmark = pytest.mark.strace


def run_where(
    program: Program, fails: str, file: str | Path, *more: str, only_on: str | Path = ""
) -> Outcome:
    """A short run in which this call fails, e.g. `eventfd2:error=ENOSYS`."""
    call = fails.partition(":")[0]
    path = ("-P", str(only_on)) if only_on else ()
    return program(
        "run", f"--filename={file}", "--rw=randread", "--number_ios=200", "--iodepth=4",
        "--no-save", "--json", *more,
        prefix=("strace", "-f", "-qq", "-o", "strace.log", *path, "-e", f"trace={call}",
                "-e", f"inject={fails}"),
    )  # fmt: skip


def warnings(outcome: Outcome) -> set[str]:
    assert outcome.code == 0, outcome.stderr
    return {warning["id"] for warning in outcome.document["warnings"]}


# ---- no eventfd -----------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["eventfd", "bh", "adaptive"])
def test_a_mode_that_needs_an_eventfd_says_so(program: Program, data_file: Path, mode: str) -> None:
    outcome = run_where(program, "eventfd2:error=ENOSYS", data_file, f"--completion={mode}")
    assert outcome.code == 1
    assert "this kernel has no eventfd (eventfd2: ENOSYS)" in outcome.stderr
    assert "use --completion=poll" in outcome.stderr


@pytest.mark.parametrize("mode", ["poll", "getevents"])
def test_other_modes_run_without_eventfds(program: Program, data_file: Path, mode: str) -> None:
    outcome = run_where(program, "eventfd2:error=ENOSYS", data_file, f"--completion={mode}")
    assert outcome.code == 0, outcome.stderr
    (job,) = outcome.document["jobs"]
    assert job["counters"]["reaped"][mode] == 200


# ---- no epoll -------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["epoll_create1", "epoll_ctl"])
@pytest.mark.parametrize("mode", ["eventfd", "bh"])
def test_without_epoll_the_loop_sleeps_in_ppoll_and_says_so(
    program: Program, data_file: Path, mode: str, call: str
) -> None:
    outcome = run_where(program, f"{call}:error=ENOSPC", data_file, f"--completion={mode}")
    assert "fdmon_fell_back" in warnings(outcome)
    (job,) = outcome.document["jobs"]
    assert job["counters"]["loop"]["ppoll"] > 0
    assert job["counters"]["loop"]["epoll_wait"] == 0
    assert all(rule["holds"] for rule in job["proof"])


def test_whoever_asked_for_ppoll_is_not_warned(program: Program, data_file: Path) -> None:
    outcome = run_where(
        program, "epoll_ctl:error=ENOSPC", data_file, "--completion=eventfd", "--fdmon=ppoll"
    )
    assert "fdmon_fell_back" not in warnings(outcome)


# ---- no native AIO ----------------------------------------------------------------------


def test_without_native_aio_the_run_cannot_be(program: Program, data_file: Path) -> None:
    outcome = run_where(program, "io_setup:error=ENOSYS", data_file)
    assert outcome.code == 1
    assert "this kernel has no native AIO" in outcome.stderr


# ---- direct I/O --------------------------------------------------------------------------


def test_a_file_system_without_direct_io_says_so(program: Program, data_file: Path) -> None:
    outcome = run_where(
        program, f"openat:error={errno.errorcode[errno.EINVAL]}", data_file, only_on=data_file
    )
    assert outcome.code == 1
    assert "does not support direct I/O (O_DIRECT)" in outcome.stderr
    assert "--direct=0" in outcome.stderr


@pytest.fixture
def large_sectors(tmp_path: Path) -> Iterator[str]:
    """A loop device with logical blocks of 4096 bytes."""
    image = tmp_path / "image"
    with image.open("wb") as file:
        file.truncate(16 << 20)
    device = subprocess.run(
        ["losetup", "--find", "--show", "--sector-size=4096", image],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    yield device
    subprocess.run(["losetup", "--detach", device], check=True)


@pytest.mark.root
def test_where_the_kernel_tells_no_alignment_the_logical_block_is_it(
    program: Program, large_sectors: str
) -> None:
    outcome = run_where(
        program, "statx:error=ENOSYS", large_sectors, "--bs=2048", only_on=large_sectors
    )
    assert outcome.code == 1
    assert "must be a multiple of 4096 bytes" in outcome.stderr
    assert "statx(" in program.folder.joinpath("strace.log").read_text()

"""Devices that shrink, go away or turn read-only in mid-run: I/Os of nothing are no I/Os."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.block_devices import limit, loop_device, set_read_only
from faults.faulty_file import FaultyFile
from faults.subject import RUN_FAILED, Subject

pytestmark = [pytest.mark.root, pytest.mark.loop]

GAVE_UP = "job was ended, since nothing but failures came back"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A file for a loop device."""
    path = tmp_path / "image"
    path.write_bytes(bytes(4 << 20))
    return path


@pytest.fixture
def device(subject: Subject, image: Path) -> Iterator[str]:
    with loop_device(image) as device:
        yield device
        set_read_only(device, read_only=False)


def endless(device: str, rw: str, mode: str) -> tuple[str, ...]:
    return (f"--filename={device}", f"--allow-write={device}", f"--rw={rw}", "--iodepth=8",
            "--runtime=60", "--time_based", mode)  # fmt: skip


def test_a_device_that_shrinks_under_reads(subject: Subject, device: str, mode: str) -> None:
    """What lies beyond its end is an error from then on; all of it, and the job is ended."""
    running = subject.start(*endless(device, "randread", mode), "--offset=2m")
    running.wait_until_measuring()
    limit(device, 4096)
    report = running.finish(RUN_FAILED)
    errors = report.job["read"]["errors"]
    assert set(errors) <= {"EIO", "eof"}
    assert errors["eof"] > 0
    assert sum(errors.values()) == report.job["accounts"]["failed"] >= 1000
    assert report.job["read"]["bytes"] == report.job["read"]["ios"] * 4096
    assert report.failures[-1] == GAVE_UP


def test_a_device_that_shrinks_under_writes(subject: Subject, device: str, mode: str) -> None:
    running = subject.start(*endless(device, "randwrite", mode), "--offset=2m")
    running.wait_until_measuring()
    limit(device, 4096)
    report = running.finish(RUN_FAILED)
    assert set(report.job["write"]["errors"]) <= {"EIO", "ENOSPC"}
    assert report.job["write"]["errors"]["ENOSPC"] > 0
    assert report.failures[-1] == GAVE_UP


def test_a_file_that_is_truncated(subject: Subject, image: Path, mode: str) -> None:
    running = subject.start(*endless(str(image), "randread", mode))
    running.wait_until_measuring()
    with image.open("r+b") as file:
        file.truncate(0)
    report = running.finish(RUN_FAILED)
    assert set(report.job["read"]["errors"]) == {"eof"}
    assert report.job["read"]["errors"]["eof"] >= 1000
    assert report.failures[-1] == GAVE_UP


def test_a_device_that_turns_read_only(subject: Subject, device: str, mode: str) -> None:
    running = subject.start(*endless(device, "randwrite", mode))
    running.wait_until_measuring()
    set_read_only(device, read_only=True)
    report = running.finish(RUN_FAILED)
    assert set(report.job["write"]["errors"]) == {"EPERM"}
    assert report.failures[-1] == GAVE_UP
    assert report.job["write"]["ios"] > 0


@pytest.mark.fuse
def test_a_file_whose_server_dies(subject: Subject, faulty_file: FaultyFile, mode: str) -> None:
    """As when the network to a storage is gone for good."""
    running = subject.start(
        f"--filename={faulty_file.path}", "--rw=randread", "--iodepth=8", "--runtime=60",
        "--time_based", mode,
    )  # fmt: skip
    running.wait_until_measuring()
    faulty_file.abort()
    report = running.finish(RUN_FAILED)
    errors = report.job["read"]["errors"]
    assert set(errors) <= {"ECONNABORTED", "ENOTCONN"}
    assert errors["ENOTCONN"] > 900
    assert report.job["read"]["ios"] > 0
    assert report.failures[-1] == GAVE_UP

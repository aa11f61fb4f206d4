"""Targets that stop answering: the program waits, and later I/Os work as before."""

import json
import re
import signal
from pathlib import Path

import pytest

from faults.block_devices import loop_device
from faults.faulty_file import FaultyFile
from faults.subject import INTERRUPTED, OK, RUN_FAILED, Running, Subject, depth_of
from faults.system_calls import strace_injecting

DEPTH = 8
PLACE = 65536


def hung(subject: Subject, file: FaultyFile, mode: str, *more: str) -> Running:
    """A run in which all I/Os hang at one place, and that has been told."""
    running = subject.start(
        f"--filename={file.path}", "--rw=read", f"--iodepth={DEPTH}", "--time_based",
        f"--size={2 * PLACE}", "--hang-timeout=200ms", mode, *more,
    )  # fmt: skip
    running.wait_until_measuring()
    file.inject(f"read:{PLACE}-{PLACE + 4095}:hang")
    depth = depth_of(mode, DEPTH)
    file.wait_until_hung(depth)
    running.wait_until_said(f"job job: of {depth} I/Os in flight, the oldest is not back after")
    return running


@pytest.mark.root
@pytest.mark.fuse
def test_a_hang_is_told_of_and_when_it_is_over_the_run_goes_on(
    subject: Subject, faulty_file: FaultyFile, mode: str
) -> None:
    running = hung(subject, faulty_file, mode, "--runtime=1")
    assert len(re.findall(r"^  read of 4,096 bytes at offset 65,536, \S+ m?s ago$", running.said,
                          re.MULTILINE)) >= min(5, depth_of(mode, DEPTH))  # fmt: skip
    faulty_file.clear()
    faulty_file.release()
    report = running.finish(OK)
    assert "job job: the I/Os that hung are back" in report.stderr
    assert "read at offset 65,536 was not back after" in report.warnings["hang"]
    assert report.job["read"]["lat_ns"]["max"] >= 200_000_000
    assert report.job["read"]["errors"] == {}


@pytest.mark.root
@pytest.mark.fuse
def test_a_hang_that_is_aborted_fails_what_hung(
    subject: Subject, faulty_file: FaultyFile, mode: str
) -> None:
    running = hung(subject, faulty_file, mode, "--runtime=60")
    faulty_file.abort()
    report = running.finish(RUN_FAILED)
    errors = report.job["read"]["errors"]
    assert errors["ECONNABORTED"] >= depth_of(mode, DEPTH)
    assert set(errors) <= {"ECONNABORTED", "ENOTCONN"}
    assert "job was ended, since nothing but failures came back" in report.failures
    assert "hang" in report.warnings


@pytest.mark.root
@pytest.mark.fuse
@pytest.mark.loop
def test_a_device_that_hangs_and_fails_is_an_error(
    subject: Subject, faulty_file: FaultyFile, mode: str
) -> None:
    with loop_device(faulty_file.path) as device:
        running = subject.start(
            f"--filename={device}", "--rw=randread", "--iodepth=1", "--runtime=60",
            "--time_based", "--hang-timeout=200ms", mode,
        )  # fmt: skip
        running.wait_until_measuring()
        faulty_file.inject("read::hang")
        running.wait_until_said("job job: of 1 I/Os in flight, the oldest is not back after")
        faulty_file.abort()
        report = running.finish(RUN_FAILED)
    assert set(report.job["read"]["errors"]) == {"EIO"}


@pytest.mark.root
@pytest.mark.fuse
def test_an_interrupt_in_a_hang_waits_for_what_is_in_flight(
    subject: Subject, faulty_file: FaultyFile, mode: str
) -> None:
    running = hung(subject, faulty_file, mode, "--runtime=60")
    running.signal(signal.SIGINT)
    running.wait_until_said("SIGINT: stopping")
    assert not running.is_over()
    faulty_file.release()
    report = running.finish(INTERRUPTED)
    assert report.document["status"] == "interrupted"
    assert report.job["read"]["errors"] == {}
    assert report.job["accounts"]["cancelled"] == 0


@pytest.mark.strace
def test_a_completion_that_never_comes_is_told_of_until_the_user_leaves(
    subject: Subject, data_file: Path, aio_mode: str
) -> None:
    """io_submit says that it took one, and no kernel knows of it."""
    running = subject.start(
        f"--filename={data_file}", "--rw=read", "--iodepth=1", "--number_ios=100",
        "--hang-timeout=200ms", aio_mode,
        prefix=strace_injecting("io_submit:retval=1:when=3"),
    )  # fmt: skip
    running.wait_until_said("job job: of 1 I/Os in flight, the oldest is not back after")
    assert re.search(r"^  read of 4,096 bytes at offset 8,192, \S+ m?s ago$", running.said,
                     re.MULTILINE)  # fmt: skip
    running.signal(signal.SIGINT)
    running.wait_until_said("SIGINT: stopping")
    assert not running.is_over()
    running.signal(signal.SIGINT)
    ending = running.end()
    assert ending.code == INTERRUPTED, ending.stderr
    assert "job job: leaving with 1 I/Os in flight" in ending.stderr
    document = json.loads(ending.stdout)
    subject.check_saved(document)
    running.check_aio_is_given_back()
    (job,) = document["jobs"]
    assert job["read"]["ios"] == 2
    assert job["accounts"] == {"submitted": 3, "completed": 2, "failed": 0, "cancelled": 0}
    assert job["proof"] == []
    assert "hang" in [warning["id"] for warning in document["warnings"]]

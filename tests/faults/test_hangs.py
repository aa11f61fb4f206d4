"""Targets that stop answering: the program waits for them, and what comes after is as always."""

import signal
import time

import pytest

from faults.faulty_file import FaultyFile
from faults.subject import INTERRUPTED, OK, RUN_FAILED, Running, Subject

pytestmark = [pytest.mark.root, pytest.mark.fuse]

DEPTH = 8


def hung(subject: Subject, faulty_file: FaultyFile, mode: str, *more: str) -> Running:
    """A run all of whose I/Os have come to hang in mid-course."""
    running = subject.start(
        f"--filename={faulty_file.path}", "--rw=randread", f"--iodepth={DEPTH}", *more, mode
    )
    running.wait_until_measuring()
    faulty_file.inject("read::hang:every=10")
    faulty_file.wait_until_hung(DEPTH)
    return running


def test_a_hang_that_is_released_costs_time_alone(
    subject: Subject, faulty_file: FaultyFile, mode: str
) -> None:
    running = hung(subject, faulty_file, mode, "--runtime=1", "--time_based")
    time.sleep(0.3)
    assert not running.is_over()
    faulty_file.clear()
    faulty_file.release()
    report = running.finish(OK)
    lat = report.job["read"]["lat_ns"]
    assert report.job["read"]["errors"] == {}
    assert lat["max"] >= 300_000_000
    waited = sum(count for highest, count in lat["histogram"] if highest >= 300_000_000)
    assert waited >= DEPTH


def test_a_hang_that_is_aborted_fails_what_hung(
    subject: Subject, faulty_file: FaultyFile, mode: str
) -> None:
    running = hung(subject, faulty_file, mode, "--runtime=60", "--time_based")
    faulty_file.abort()
    report = running.finish(RUN_FAILED)
    errors = report.job["read"]["errors"]
    assert errors["ECONNABORTED"] >= DEPTH
    assert set(errors) <= {"ECONNABORTED", "ENOTCONN"}
    assert "job was ended, since nothing but failures came back" in report.failures


def test_an_interrupt_in_a_hang_waits_for_what_is_in_flight(
    subject: Subject, faulty_file: FaultyFile, mode: str
) -> None:
    running = hung(subject, faulty_file, mode, "--runtime=60", "--time_based")
    running.process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert not running.is_over()
    faulty_file.release()
    report = running.finish(INTERRUPTED)
    assert report.document["status"] == "interrupted"
    assert report.job["read"]["errors"] == {}
    assert report.job["accounts"]["cancelled"] == 0

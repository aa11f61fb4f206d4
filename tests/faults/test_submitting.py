"""io_submit refuses, is interrupted, fails, or takes a part: no I/O is lost or miscounted."""

from pathlib import Path
from typing import Any

import pytest

from faults.faulty_file import FaultyFile
from faults.subject import OK, RUN_FAILED, Report, Subject
from faults.system_calls import shimmed, strace_injecting


def submit_counters(report: Report) -> dict[str, Any]:
    """Of the IOThread's whole life."""
    (worker,) = report.job["workers"]
    counters: dict[str, Any] = worker["counters"]["submit"]
    return counters


def reads(file: Path, iodepth: int, number_ios: int = 200) -> tuple[str, ...]:
    return (f"--filename={file}", "--rw=randread", f"--iodepth={iodepth}",
            f"--number_ios={number_ios}")  # fmt: skip


@pytest.mark.strace
def test_refused_with_ios_in_flight_it_waits_for_their_return(
    subject: Subject, data_file: Path, aio_mode: str
) -> None:
    """In batches of 4, so that the third call has company."""
    report = subject.run(
        *reads(data_file, iodepth=16), "--max_batch=4", aio_mode, code=OK,
        prefix=strace_injecting("io_submit:error=EAGAIN:when=3"),
    )  # fmt: skip
    counters = submit_counters(report)
    assert report.job["read"]["ios"] == 200
    assert counters["eagain"] == 1
    assert counters["eagain_idle"] == 0
    assert counters["blocked"] >= 1
    assert counters["requests"] == 200


@pytest.mark.strace
def test_refused_with_none_in_flight_it_tries_again(
    subject: Subject, data_file: Path, aio_mode: str
) -> None:
    """Nothing would come back to wake it: a timer does."""
    report = subject.run(
        *reads(data_file, iodepth=1, number_ios=50), aio_mode, code=OK,
        prefix=strace_injecting("io_submit:error=EAGAIN:when=1+7"),
    )  # fmt: skip
    counters = submit_counters(report)
    assert report.job["read"]["ios"] == 50
    assert counters["eagain_idle"] == counters["calls"] - 50 >= 8
    assert counters["eagain"] == 0


@pytest.mark.strace
def test_interrupted_it_goes_on(subject: Subject, data_file: Path, aio_mode: str) -> None:
    report = subject.run(
        *reads(data_file, iodepth=4, number_ios=100), aio_mode, code=OK,
        prefix=strace_injecting("io_submit:error=EINTR:when=2+3"),
    )  # fmt: skip
    counters = submit_counters(report)
    assert report.job["read"]["ios"] == 100
    assert counters["eintr"] >= 1
    assert counters["rejected"] == 0


@pytest.mark.strace
@pytest.mark.parametrize("error", ["EIO", "EBADF"])
def test_any_other_error_fails_the_first_request_alone(
    subject: Subject, data_file: Path, aio_mode: str, error: str
) -> None:
    report = subject.run(
        *reads(data_file, iodepth=8, number_ios=100), aio_mode, code=RUN_FAILED,
        prefix=strace_injecting(f"io_submit:error={error}:when=2..4"),
    )  # fmt: skip
    assert submit_counters(report)["rejected"] == 3
    assert report.job["read"]["errors"] == {error: 3}
    assert report.job["read"]["ios"] == 97
    assert report.failures == [f"job: read I/Os failed: 3 × {error}"]


@pytest.mark.strace
def test_an_error_each_time_ends_the_job(subject: Subject, data_file: Path, aio_mode: str) -> None:
    report = subject.run(
        *reads(data_file, iodepth=8, number_ios=100_000), aio_mode, code=RUN_FAILED,
        prefix=strace_injecting("io_submit:error=EIO"),
    )  # fmt: skip
    assert report.job["read"]["ios"] == 0
    assert report.job["read"]["errors"]["EIO"] >= 1000
    assert "job was ended, since nothing but failures came back" in report.failures


def test_a_partial_submit_leaves_the_rest_for_the_next(
    subject: Subject, data_file: Path, aio_mode: str, shim: Path
) -> None:
    report = subject.run(
        *reads(data_file, iodepth=16, number_ios=800), aio_mode, code=OK,
        prefix=shimmed(shim, take_one_every=3),
    )  # fmt: skip
    counters = submit_counters(report)
    assert report.job["read"]["ios"] == 800
    assert counters["requests"] == 800
    assert counters["partial"] >= 1
    assert counters["eagain"] == counters["rejected"] == 0


@pytest.mark.root
@pytest.mark.fuse
def test_a_submit_that_blocks_is_warned_of(
    subject: Subject, blocking_file: FaultyFile, aio_mode: str
) -> None:
    """Four requests, one after the other, 50 ms each, all inside of one call."""
    blocking_file.inject("read::delay=0.05")
    report = subject.run(
        f"--filename={blocking_file.path}", "--rw=randread", "--iodepth=4", "--number_ios=12",
        aio_mode, code=OK,
    )  # fmt: skip
    assert report.job["counters"]["submit"]["ns"] >= 12 * 50_000_000
    assert report.job["read"]["slat_ns"]["min"] >= 50_000_000
    assert "spent inside io_submit; effectively depth" in report.warnings["submit_blocks"]
    assert "warning: job: " in report.stderr

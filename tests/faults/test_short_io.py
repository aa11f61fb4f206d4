"""Short I/Os: the rest is requested, and an I/O of 0 bytes is no success."""

import pytest

from faults.block_devices import loop_device
from faults.faulty_file import FaultyFile
from faults.subject import OK, RUN_FAILED, Subject

pytestmark = [pytest.mark.root, pytest.mark.fuse]


def test_a_short_read_is_completed(subject: Subject, faulty_file: FaultyFile, mode: str) -> None:
    faulty_file.inject("read::short=512:every=10")
    report = subject.run(
        f"--filename={faulty_file.path}", "--rw=randread", "--iodepth=8", "--number_ios=450",
        mode, code=OK,
    )  # fmt: skip
    read = report.job["read"]
    assert read["ios"] == 450
    assert read["bytes"] == 450 * 4096
    # The rests count among the tens too: 50 short ones of 500.
    assert report.job["counters"]["other"]["short_io"] == faulty_file.hits
    assert 45 <= faulty_file.hits <= 50
    assert 0 < read["short_ios"] <= faulty_file.hits
    assert read["errors"] == {}


def test_a_short_write_is_an_error(
    subject: Subject, faulty_file: FaultyFile, aio_mode: str
) -> None:
    """FUSE makes an error of it, as most file systems do."""
    faulty_file.inject("write::short=512:every=10")
    report = subject.run(
        f"--filename={faulty_file.path}", f"--allow-write={faulty_file.path}", "--rw=randwrite",
        "--iodepth=8", "--number_ios=200", aio_mode, code=RUN_FAILED,
    )  # fmt: skip
    assert report.job["write"]["errors"] == {"EIO": 20}
    assert report.job["write"]["ios"] == 180
    assert report.failures == ["job: write I/Os failed: 20 × EIO"]


def test_a_short_write_that_is_told_is_completed(
    subject: Subject, blocking_file: FaultyFile, told_mode: str
) -> None:
    blocking_file.inject("write::short=512:every=10")
    report = subject.run(
        f"--filename={blocking_file.path}", f"--allow-write={blocking_file.path}",
        "--rw=randwrite", "--iodepth=8", "--number_ios=200", told_mode, code=OK,
    )  # fmt: skip
    write = report.job["write"]
    assert write["ios"] == 200
    assert write["bytes"] == 200 * 4096
    assert report.job["counters"]["other"]["short_io"] == blocking_file.hits >= 20
    assert write["errors"] == {}


@pytest.mark.parametrize(("direction", "error"), [("read", "eof"), ("write", "ENOSPC")])
def test_strictly_a_short_io_is_the_end_of_it(
    subject: Subject, blocking_file: FaultyFile, told_mode: str, direction: str, error: str
) -> None:
    blocking_file.inject("any::short=512:every=10")
    report = subject.run(
        f"--filename={blocking_file.path}", f"--allow-write={blocking_file.path}",
        f"--rw=rand{direction}", "--iodepth=8", "--number_ios=200", "--short_io=strict", told_mode,
        code=RUN_FAILED,
    )  # fmt: skip
    assert report.job[direction]["errors"] == {error: 20}
    assert report.job[direction]["ios"] == 180
    assert report.failures == [f"job: {direction} I/Os failed: 20 × {error}"]


def test_a_read_of_nothing_is_no_success(
    subject: Subject, faulty_file: FaultyFile, mode: str
) -> None:
    faulty_file.inject("read::zero:every=10")
    report = subject.run(
        f"--filename={faulty_file.path}", "--rw=randread", "--iodepth=8", "--number_ios=300",
        mode, code=RUN_FAILED,
    )  # fmt: skip
    assert report.job["read"]["errors"] == {"eof": 30}
    assert report.job["read"]["ios"] == 270
    assert report.job["read"]["bytes"] == 270 * 4096
    assert report.failures == ["job: read I/Os failed: 30 × eof"]


def test_a_target_that_answers_nothing_ends_the_job(
    subject: Subject, faulty_file: FaultyFile, mode: str
) -> None:
    """At full speed, and thousands of I/Os a second of nothing."""
    faulty_file.inject("read::zero")
    report = subject.run(
        f"--filename={faulty_file.path}", "--rw=randread", "--iodepth=8", "--runtime=60",
        "--time_based", mode, code=RUN_FAILED,
    )  # fmt: skip
    assert report.job["read"]["ios"] == 0
    assert report.job["read"]["iops"] == 0
    assert report.job["read"]["errors"]["eof"] >= 1000
    assert "job was ended, since nothing but failures came back" in report.failures


def test_a_full_disk(subject: Subject, faulty_file: FaultyFile, mode: str) -> None:
    faulty_file.inject("write:1048576-:ENOSPC")
    report = subject.run(
        f"--filename={faulty_file.path}", f"--allow-write={faulty_file.path}", "--rw=write",
        "--size=1536k", "--iodepth=8", mode, code=RUN_FAILED,
    )  # fmt: skip
    assert report.job["write"]["errors"] == {"ENOSPC": 128}
    assert report.job["write"]["ios"] == 256
    assert report.failures == ["job: write I/Os failed: 128 × ENOSPC"]


@pytest.mark.loop
@pytest.mark.parametrize("rule", ["write::short=512:every=10", "read::zero:every=10"])
def test_a_device_makes_an_error_of_it_or_a_whole(
    subject: Subject, faulty_file: FaultyFile, mode: str, rule: str
) -> None:
    """The loop driver retries a short one, or answers EIO: nothing in between comes to us."""
    faulty_file.inject(rule)
    rw, *_ = rule.split(":")
    with loop_device(faulty_file.path) as device:
        running = subject.start(
            f"--filename={device}", f"--allow-write={device}", f"--rw=rand{rw}", "--iodepth=1",
            "--number_ios=100", "--continue_on_error", mode,
        )  # fmt: skip
        report = running.finish(OK)
    direction = report.job[rw]
    assert direction["ios"] + direction["errors"].get("EIO", 0) == 100
    assert direction["bytes"] == direction["ios"] * 4096
    assert direction["short_ios"] == 0

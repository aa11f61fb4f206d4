"""I/Os that fail are counted under their errno, and never as successes."""

import pytest

from faults.block_devices import loop_device
from faults.faulty_file import FaultyFile
from faults.subject import OK, RUN_FAILED, Subject

pytestmark = [pytest.mark.root, pytest.mark.fuse]

BLOCKS = (4 << 20) // 4096


def test_a_bad_range_fails_exactly_there(
    subject: Subject, faulty_file: FaultyFile, mode: str
) -> None:
    faulty_file.inject("read:65536-131071:EIO")
    report = subject.run(
        f"--filename={faulty_file.path}", "--rw=read", "--iodepth=8", mode, code=RUN_FAILED
    )
    assert report.job["read"]["errors"] == {"EIO": 16}
    assert report.job["read"]["ios"] == BLOCKS - 16
    assert report.job["accounts"]["failed"] == faulty_file.hits == 16
    assert report.failures == ["job: read I/Os failed: 16 × EIO"]


@pytest.mark.loop
def test_a_bad_range_of_a_device_fails_exactly_there(
    subject: Subject, faulty_file: FaultyFile, mode: str
) -> None:
    """One at a time, for neighbours would be merged and fail together."""
    faulty_file.inject("read:65536-131071:EIO")
    with loop_device(faulty_file.path) as device:
        report = subject.run(
            f"--filename={device}", "--rw=read", "--iodepth=1", mode, code=RUN_FAILED
        )
    assert report.job["read"]["errors"] == {"EIO": 16}
    assert report.job["read"]["ios"] == BLOCKS - 16


def test_every_tenth_fails(subject: Subject, faulty_file: FaultyFile, mode: str) -> None:
    faulty_file.inject("read::ETIMEDOUT:every=10")
    report = subject.run(
        f"--filename={faulty_file.path}", "--rw=randread", "--iodepth=16",
        "--number_ios=500", mode, code=RUN_FAILED,
    )  # fmt: skip
    assert report.job["read"]["errors"] == {"ETIMEDOUT": 50}
    assert report.job["read"]["ios"] == 450
    assert report.job["read"]["lat_ns"]["count"] == 450
    assert report.failures == ["job: read I/Os failed: 50 × ETIMEDOUT"]


def test_reads_and_writes_are_told_apart(
    subject: Subject, faulty_file: FaultyFile, mode: str
) -> None:
    faulty_file.inject("write::EDQUOT:count=7", "read::EIO:count=3")
    report = subject.run(
        f"--filename={faulty_file.path}", f"--allow-write={faulty_file.path}", "--rw=randrw",
        "--iodepth=8", "--number_ios=300", mode, code=RUN_FAILED,
    )  # fmt: skip
    assert report.job["read"]["errors"] == {"EIO": 3}
    assert report.job["write"]["errors"] == {"EDQUOT": 7}
    assert report.job["read"]["ios"] + report.job["write"]["ios"] == 290
    assert report.failures == [
        "job: read I/Os failed: 3 × EIO", "job: write I/Os failed: 7 × EDQUOT"
    ]  # fmt: skip


def test_failures_that_are_asked_to_be_borne_are_counted_and_no_more(
    subject: Subject, faulty_file: FaultyFile, mode: str
) -> None:
    faulty_file.inject("read::EIO:every=2")
    report = subject.run(
        f"--filename={faulty_file.path}", "--rw=randread", "--iodepth=8", "--number_ios=400",
        "--continue_on_error", mode, code=OK,
    )  # fmt: skip
    assert report.job["read"]["errors"] == {"EIO": 200}
    assert report.job["read"]["ios"] == 200


def test_failures_of_one_direction_alone_can_be_borne(
    subject: Subject, faulty_file: FaultyFile, mode: str
) -> None:
    faulty_file.inject("read::EIO:every=10", "write::EDQUOT:every=10")
    report = subject.run(
        f"--filename={faulty_file.path}", f"--allow-write={faulty_file.path}", "--rw=randrw",
        "--iodepth=1", "--number_ios=300", "--continue_on_error=read", mode, code=RUN_FAILED,
    )  # fmt: skip
    assert report.job["read"]["errors"] and report.job["write"]["errors"]
    assert [failure.partition(" I/Os")[0] for failure in report.failures] == ["job: write"]


def test_a_target_that_only_fails_ends_the_job(
    subject: Subject, faulty_file: FaultyFile, mode: str
) -> None:
    faulty_file.inject("read::EIO")
    report = subject.run(
        f"--filename={faulty_file.path}", "--rw=randread", "--iodepth=8", "--runtime=60",
        "--time_based", mode, code=RUN_FAILED,
    )  # fmt: skip
    failed = report.job["read"]["errors"]["EIO"]
    assert 1000 <= failed < 1000 + 8
    assert report.job["read"]["ios"] == 0
    assert report.failures == [
        f"job: read I/Os failed: {failed:,} × EIO",
        "job was ended, since nothing but failures came back",
    ]


def test_a_failure_in_the_ramp_is_no_secret(
    subject: Subject, faulty_file: FaultyFile, mode: str
) -> None:
    faulty_file.inject("read::EIO:count=5")
    report = subject.run(
        f"--filename={faulty_file.path}", "--rw=randread", "--iodepth=4", "--ramp_time=0.3",
        "--number_ios=50", mode, code=RUN_FAILED,
    )  # fmt: skip
    assert report.job["read"]["errors"] == {}
    assert report.job["read"]["ios"] == 50
    assert report.failures == ["job: 5 I/Os failed before the measured window"]

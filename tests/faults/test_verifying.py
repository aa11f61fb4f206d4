"""Blocks that can't be read back are told with place and reason; other reads count."""

import pytest

from faults.faulty_file import FaultyFile
from faults.subject import RUN_FAILED, Subject

pytestmark = [pytest.mark.root, pytest.mark.fuse]


def test_blocks_that_cannot_be_read_back_are_unreadable(
    subject: Subject, faulty_file: FaultyFile, mode: str
) -> None:
    faulty_file.inject("read:65536-131071:EIO")
    report = subject.run(
        f"--filename={faulty_file.path}", f"--allow-write={faulty_file.path}", "--rw=write",
        "--size=256k", "--iodepth=8", "--verify=crc32c", mode, code=RUN_FAILED,
    )  # fmt: skip
    verify = report.job["verify"]
    assert (verify["blocks"], verify["failed_blocks"], verify["complete"]) == (64, 16, True)
    assert {bad["fault"] for bad in verify["failures"]} == {"unreadable"}
    assert {bad["error"] for bad in verify["failures"]} == {"EIO"}
    assert sorted(bad["offset"] for bad in verify["failures"]) == list(range(65536, 131072, 4096))
    assert report.job["write"]["ios"] == 64
    assert report.job["write"]["errors"] == {}
    assert "16 of 64 blocks" in report.stderr

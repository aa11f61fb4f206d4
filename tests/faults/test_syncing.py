"""fsync and fdatasync that fail: the task that awaits one gets the error, and can go on.

On the core by laiobench.aio, since requests to sync are issued one by one.
"""

import errno

import pytest

from faults.faulty_file import FaultyFile
from faults.subject import Subject
from laiobench.aio import AioContext, Target

pytestmark = [pytest.mark.root, pytest.mark.fuse]


async def failures_of(target: Target, syncs: int) -> list[int | None]:
    """The errno of each of so many syncs of both kinds in turn; None: it went well."""
    found: list[int | None] = []
    for number in range(syncs):
        await target.pwrite(number * 4096, b"x" * 4096)
        try:
            await (target.fdatasync() if number % 2 else target.fsync())
            found.append(None)
        except OSError as error:
            assert error.filename == str(target.path)
            found.append(error.errno)
    return found


def test_every_third_sync_fails(faulty_file: FaultyFile, aio_mode: str) -> None:
    faulty_file.inject("fsync::EIO:every=3")
    completion = aio_mode.removeprefix("--completion=")
    with (
        AioContext(completion=completion) as ctx,
        Target.open(str(faulty_file.path), writable=True) as target,
    ):
        (found,) = ctx.run(failures_of(target, 9))
        counters = ctx.counters()
    assert found == [None, None, errno.EIO] * 3
    assert faulty_file.hits == 3
    assert sum(counters["reaped"].values()) == 18


def test_a_sync_that_hangs_ends_when_it_is_answered(faulty_file: FaultyFile, aio_mode: str) -> None:
    faulty_file.inject("fsync::delay=0.3")
    completion = aio_mode.removeprefix("--completion=")
    with (
        AioContext(completion=completion) as ctx,
        Target.open(str(faulty_file.path), writable=True) as target,
    ):
        assert ctx.run(failures_of(target, 1)) == [[None]]


def test_a_job_whose_syncs_fail_has_failed(
    faulty_file: FaultyFile, subject: Subject, mode: str
) -> None:
    faulty_file.inject("fsync::EIO:every=3")
    report = subject.run(
        f"--filename={faulty_file.path}", f"--allow-write={faulty_file.path}", "--rw=write",
        "--number_ios=64", "--iodepth=4", "--fsync=8", "--end_fsync", mode, code=1,
    )  # fmt: skip
    assert report.job["sync"]["errors"] == {"EIO": 2}
    assert report.job["sync"]["ios"] == 6
    assert report.job["write"]["ios"] == 64
    assert report.failures == ["job: sync I/Os failed: 2 × EIO"]

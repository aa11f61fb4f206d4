"""Verification accepts whatever a job wrote, and finds every byte that is changed afterwards.

Hypothesis chooses the job, in the calling process; a byte is flipped behind its back.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laiobench.jobs.options import Job
from laiobench.measurement.measure import run
from laiobench.results.run_result import JobResult

SIZE = 64 << 10
BLOCK = 512
MODES = ["poll", "eventfd", "bh", "adaptive", "getevents"]
METHODS = ["crc32c", "crc32", "xxhash", "md5", "sha256", "pattern"]


@pytest.fixture(scope="module", autouse=True)
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Where bad blocks are saved."""
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("verifying"))
    yield
    os.chdir(before)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("target") / "target.bin"
    path.write_bytes(b"\xee" * SIZE)
    return path


def verified(target: Path, **options: Any) -> tuple[JobResult, list[str]]:
    """What became of one job, and what was said to have failed."""
    # Through the page cache, and so in memory: the disk is not in question.
    job = Job(filename=str(target), direct=False, **options)
    result = run([job], allow_write=[str(target)])
    return result.jobs[0], result.failures


JOBS = st.fixed_dictionaries(
    {
        "rw": st.sampled_from(["write", "randwrite", "rw", "randrw"]),
        "verify": st.sampled_from(METHODS),
        "verify_pattern": st.sampled_from(['0xdeadbeef%o"x"', "0x01"]),
        "bs": st.integers(1, 8).map(lambda blocks: blocks * BLOCK),
        "iodepth": st.integers(1, 40),
        "norandommap": st.booleans(),
        "number_ios": st.integers(1, 300),
        "time_based": st.just(False),
        "loops": st.just(10),
        "completion": st.sampled_from(MODES),
        "engine": st.sampled_from(["libaio", "threads"]),
        "randseed": st.integers(0, 1000),
    }
)
OVERLAPS = st.sampled_from([None, BLOCK])
BACKLOGS = st.tuples(st.sampled_from([0, 0, 1, 7, 50]), st.sampled_from([0, 3]))


@settings(max_examples=30, deadline=None)
@given(job=JOBS, step=OVERLAPS, backlog=BACKLOGS, data=st.data())
def test_what_was_written_is_found_and_what_was_changed_is_found_out(
    target: Path,
    job: dict[str, Any],
    step: int | None,
    backlog: tuple[int, int],
    data: st.DataObject,
) -> None:
    target.write_bytes(b"\xee" * SIZE)
    if job["rw"].startswith("rand"):
        job["blockalign"] = step  # 512: I/Os that overlap
    result, failures = verified(
        target, **job, verify_backlog=backlog[0], verify_backlog_batch=backlog[1]
    )
    assert failures == []
    assert result.verify
    assert result.verify.complete
    assert result.verify.failed_blocks == result.verify.unknown_blocks == 0
    assert result.verify.blocks > 0 or result.write is None or result.write.ios == 0
    written = [at for at in range(0, SIZE, BLOCK) if target_block(target, at) != b"\xee" * BLOCK]
    if not written:
        return

    at = data.draw(st.sampled_from(written)) + data.draw(st.integers(0, BLOCK - 1))
    flip(target, at, data.draw(st.integers(1, 255)))
    result, failures = verified(target, **job, verify_only=True)
    assert result.verify
    (bad,) = result.verify.failures
    assert bad.offset <= at < bad.offset + bad.bytes
    assert failures


def target_block(target: Path, at: int) -> bytes:
    with target.open("rb") as file:
        file.seek(at)
        return file.read(BLOCK)


def flip(target: Path, at: int, bits: int) -> None:
    with target.open("r+b") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ bits]))

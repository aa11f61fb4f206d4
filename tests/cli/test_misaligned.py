"""Misaligned I/O and engine=threads: the thread pool in the real program."""

from pathlib import Path

import pytest

from program import Program

MODES = ("poll", "eventfd", "bh", "adaptive", "getevents")


@pytest.mark.parametrize("mode", MODES)
def test_misaligned_buffers_go_to_the_pool_and_are_counted(
    program: Program, data_file: Path, mode: str
) -> None:
    outcome = program(
        "run", f"--filename={data_file}", "--rw=randread", "--iodepth=8", "--number_ios=500",
        f"--completion={mode}", "--mem_align=1", "--json",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    (job,) = outcome.document["jobs"]
    assert job["counters"]["other"]["pool_fallbacks"] == 500
    assert job["counters"]["reaped"]["pool"] == 500
    assert job["counters"]["submit"]["calls"] == 0  # never to the AIO queue
    assert all(rule["holds"] for rule in job["proof"])
    assert "misaligned" in {warning["id"] for warning in outcome.document["warnings"]}


@pytest.mark.parametrize("mode", MODES)
def test_aligned_and_misaligned_offsets_are_told_apart(
    program: Program, data_file: Path, mode: str
) -> None:
    outcome = program(
        "run", f"--filename={data_file}", "--rw=randrw", "--iodepth=8", "--number_ios=1000",
        "--blockalign=256", f"--completion={mode}", f"--allow-write={data_file}", "--json",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    (job,) = outcome.document["jobs"]
    fallbacks = job["counters"]["other"]["pool_fallbacks"]
    assert 350 < fallbacks < 650  # every other multiple of 256 is one of 512
    assert job["counters"]["submit"]["requests"] == 1000 - fallbacks
    assert all(rule["holds"] for rule in job["proof"])


@pytest.mark.parametrize("mode", MODES)
def test_the_threads_engine_runs_in_every_mode(
    program: Program, data_file: Path, mode: str
) -> None:
    outcome = program(
        "run", f"--filename={data_file}", "--rw=randread", "--iodepth=4", "--number_ios=1000",
        "--engine=threads", f"--completion={mode}", "--json",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    (job,) = outcome.document["jobs"]
    assert job["read"]["ios"] == 1000
    assert all(rule["holds"] for rule in job["proof"])


def test_page_cache_io_needs_no_alignment(program: Program, data_file: Path) -> None:
    outcome = program(
        "run", f"--filename={data_file}", "--rw=randread", "--number_ios=100", "--direct=0",
        "--bs=1000", "--mem_align=1", "--json",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    (job,) = outcome.document["jobs"]
    assert job["counters"]["other"]["pool_fallbacks"] == 0
    assert job["read"]["bytes"] == 100 * 1000


@pytest.mark.root
def test_zram_is_not_given_buffers_that_it_would_overrun(program: Program, zram: str) -> None:
    outcome = program("run", f"--filename={zram}", "--mem_align=512")
    assert outcome.code == 2
    assert "zram moves whole pages" in outcome.stderr
    assert program("run", f"--filename={zram}", "--number_ios=100", "--no-save").code == 0

"""Signals at any moment: results are saved, and after SIGKILL the store is intact."""

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from faults.faulty_file import FaultyFile
from faults.subject import INTERRUPTED, OK, PATIENCE_S, RUN_FAILED, Subject, depth_of, words

# Seconds from the start: while it imports, opens, begins, measures, saves.
_RANDOM = random.Random(20261122)
MOMENTS_S = [0.0, *(round(_RANDOM.uniform(0.0, 0.8), 3) for _ in range(6))]


def endless(file: Path, mode: str) -> tuple[str, ...]:
    return (f"--filename={file}", "--rw=randread", "--iodepth=8", "--runtime=60",
            "--time_based", mode)  # fmt: skip


def test_a_signal_ends_it_with_a_result(subject: Subject, data_file: Path, mode: str) -> None:
    """Ctrl-C; the others are in tests/cli/test_stopping.py."""
    running = subject.start(*endless(data_file, mode))
    running.wait_until_measuring()
    running.signal(signal.SIGINT)
    report = running.finish(INTERRUPTED)
    assert report.document["status"] == "interrupted"
    assert report.job["read"]["ios"] > 0
    assert "SIGINT: stopping; once more to leave at once" in report.stderr


@pytest.mark.parametrize("moment_s", MOMENTS_S)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_at_any_moment_a_signal_is_obeyed(
    subject: Subject, data_file: Path, number: signal.Signals, moment_s: float
) -> None:
    """Before the run has begun there is nothing to save, and nothing is said but that."""
    running = subject.start(*endless(data_file, "--completion=eventfd"))
    running.wait_until_begun()
    time.sleep(moment_s)
    running.signal(number)
    ending = running.end()
    assert ending.code in (INTERRUPTED, -number), ending.stderr
    if ending.stdout:
        subject.check_saved(json.loads(ending.stdout))
    subject.check_unharmed()


@pytest.mark.parametrize("moment_s", MOMENTS_S)
def test_after_sigkill_the_store_is_whole(subject: Subject, moment_s: float) -> None:
    """The run is over soon, so that some are killed in the midst of saving."""
    before = subject.run("--engine=null", "--number_ios=10", code=OK)
    running = subject.start("--engine=null", "--number_ios=10")
    time.sleep(moment_s)
    running.process.kill()
    running.process.wait(timeout=PATIENCE_S)
    subject.check_unharmed()
    saved = set(subject.results.glob("2*.json")) - {subject.results / subject.earlier_name}
    assert before.document in [json.loads(path.read_text()) for path in saved]
    assert len(saved) <= 2


@pytest.mark.root
@pytest.mark.fuse
def test_twice_leaves_at_once_and_says_what_the_kernel_waits_for(
    subject: Subject, faulty_file: FaultyFile, mode: str
) -> None:
    """The result is safe, and said to be, before the process ends.

    That can be when its I/Os have; io_uring's are left to a thread of the kernel.
    """
    depth = depth_of(mode, 8)
    waits_for_ios = "io_uring" not in mode
    running = subject.start(*endless(faulty_file.path, mode))
    running.wait_until_measuring()
    faulty_file.inject("read::hang")
    faulty_file.wait_until_hung(depth)
    running.signal(signal.SIGINT)
    time.sleep(0.3)
    assert not running.is_over()
    running.signal(signal.SIGINT)
    running.wait_until_said(f"leaving with {depth} I/Os in flight")
    saved = subject.wait_for_result()
    assert saved["status"] == "interrupted"
    assert "the kernel waits for the device to answer them" in running.said
    assert not (waits_for_ios and running.is_over())
    faulty_file.release()
    ending = running.end()
    assert ending.code == INTERRUPTED, ending.stderr
    assert json.loads(ending.stdout) == saved
    accounts = saved["jobs"][0]["accounts"]
    assert accounts["submitted"] - accounts["completed"] == depth
    running.check_aio_is_given_back()


def test_nobody_reads_the_answer(subject: Subject, data_file: Path, mode: str) -> None:
    """SIGPIPE's occasion: stdout is a pipe without a reader."""
    ours, theirs = os.pipe()
    os.close(ours)
    command = subject.program.command(
        "run", "--json", f"--filename={data_file}", "--number_ios=50", *words([mode])
    )
    done = subprocess.run(
        command, cwd=subject.program.folder, env=subject.program.environment, stdout=theirs,
        stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    os.close(theirs)
    assert done.returncode == RUN_FAILED
    assert "Traceback" not in done.stderr
    document = subject.wait_for_result()
    assert document["status"] == "ok"
    subject.check_saved(document)

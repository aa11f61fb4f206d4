"""I/Os that do not come back are told of, with their offsets and ages."""

import json
import os
import re
import signal
import time
from pathlib import Path

import pytest

from program import Program

SLOW = ("--engine=null", "--null_latency_us=1200000", "--iodepth=4", "--number_ios=4")


def test_a_hang_is_told_of_while_it_lasts(program: Program) -> None:
    outcome = program("run", *SLOW, "--hang-timeout=300ms", "--json")
    assert outcome.code == 0, outcome.stderr
    told = outcome.stderr
    assert re.search(r"job job: of 4 I/Os in flight, the oldest is not back after \S+ m?s", told)
    for offset in ("0", "4,096", "8,192", "12,288"):
        assert re.search(rf"  read of 4,096 bytes at offset {offset}, \S+ m?s ago", told)
    warnings = json.loads(outcome.stdout)["warnings"]
    assert "hang" in [warning["id"] for warning in warnings]


def test_a_hang_is_told_of_also_when_quiet(program: Program) -> None:
    outcome = program("run", *SLOW, "--hang-timeout=300ms", "--quiet")
    assert "is not back after" in outcome.stderr


@pytest.mark.strace
def test_a_hang_of_the_main_context_is_told_of_too(program: Program, data_file: Path) -> None:
    """Its thread is inside io_submit, and is the one that called."""
    outcome = program(
        "run", f"--filename={data_file}", "--number_ios=20", "--iothread=main",
        "--hang-timeout=300ms",
        prefix=(
            "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=io_submit",
            "-e", "inject=io_submit:delay_enter=1500000:when=5",
        ),
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    assert "the oldest is not back after" in outcome.stderr


def test_what_is_merely_slow_is_no_hang(program: Program) -> None:
    for timeout in ("30", "0"):
        outcome = program("run", *SLOW, f"--hang-timeout={timeout}")
        assert outcome.code == 0
        assert "not back" not in outcome.stderr


def is_polling(pid: int) -> bool:
    """Whether an IOThread of that process has looked for its I/O for 0.1 s of a CPU."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        name, _, fields = task.joinpath("stat").read_text().rpartition(")")
        if name.endswith("(iothread0") and int(fields.split()[11]) >= os.sysconf("SC_CLK_TCK") / 10:
            return True
    return False


def test_a_program_that_was_stopped_takes_that_for_no_hang(program: Program) -> None:
    """Most of its I/O's time, which is longer than the timeout."""
    running = program.start(
        "run", "--engine=null", "--null_latency_us=6000000", "--number_ios=1", "--completion=poll",
        "--hang-timeout=4s", "--json", "--no-save",
    )  # fmt: skip
    while not is_polling(running.pid):
        assert running.poll() is None, running.communicate()
    running.send_signal(signal.SIGSTOP)
    time.sleep(4)
    running.send_signal(signal.SIGCONT)
    stdout, stderr = running.communicate(timeout=60)
    assert running.returncode == 0, stderr
    assert "is not back" not in stderr
    assert "hang" not in [warning["id"] for warning in json.loads(stdout)["warnings"]]


def test_a_timeout_that_is_none_is_refused(program: Program) -> None:
    outcome = program("run", "--engine=null", "--number_ios=1", "--hang-timeout=soon")
    assert outcome.code == 2
    assert "'soon' is not a duration" in outcome.stderr

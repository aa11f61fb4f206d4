"""What a person at a terminal sees while something is measured; and what SIGUSR1 brings."""

import dataclasses
import fcntl
import json
import os
import re
import signal
import struct
import subprocess
import termios
import time

import pytest

import laiobench
from laiobench import Job
from laiobench.cli.progress import cut, line
from laiobench.cli.time_left import TimeLeft
from laiobench.measurement.control import Progress
from program import Program

NULL = ("--engine=null", "--null_latency_us=100")


def on_terminal(program: Program, *arguments: str, columns: int = 80, term: str = "xterm") -> str:
    """What appears on stderr, a terminal of that width."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        program.command(*arguments), cwd=program.folder,
        env={**program.environment, "TERM": term}, stdout=subprocess.DEVNULL, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 1 << 16):
            shown += part
    except OSError:  # the other side is closed
        pass
    os.close(ours)
    assert process.wait(timeout=30) == 0, shown
    return shown.decode()


def drawn(shown: str) -> list[str]:
    """The lines that were drawn over each other."""
    return [text for text in shown.split("\r\x1b[K") if "IOPS" in text and "\n" not in text]


def test_the_line_is_no_wider_than_the_terminal_and_marks_the_ramp(program: Program) -> None:
    shown = on_terminal(
        program, "run", *NULL, "--runtime=2", "--ramp_time=2.5", "--time_based", "--no-save",
        "--name=" + "a very long name " * 20, columns=70,
    )  # fmt: skip
    lines = drawn(shown)
    assert len(lines) >= 2
    assert all(len(text) < 70 for text in lines)
    assert all(text.startswith("a very") and "… " in text for text in lines)
    assert any("of 4.5  ramp" in text for text in lines)


def test_a_job_of_fixed_size_has_a_percentage(program: Program) -> None:
    shown = on_terminal(
        program, "run", *NULL, "--null_latency_us=10ms", "--number_ios=250", "--no-save"
    )
    shares = [int(share) for share in re.findall(r"\((\d+)%\)", shown)]
    assert shares == sorted(shares)
    assert 0 < shares[0] < 100


def test_a_dumb_terminal_gets_no_escape_sequences(program: Program) -> None:
    run = ("run", *NULL, "--runtime=1.5", "--time_based", "--no-save")
    assert "\x1b" in on_terminal(program, *run)
    shown = on_terminal(program, *run, term="dumb")
    assert "\x1b" not in shown
    assert "\r" not in shown.replace("\r\n", "")
    trials = ("ab", *NULL, "--runtime=0.1", "--time_based", "--vary=iodepth=1,2", "--pairs=1")
    assert "\x1b" not in on_terminal(program, *trials, term="dumb")


def test_trials_tell_how_long_they_will_take(program: Program) -> None:
    short = (*NULL, "--runtime=0.1", "--time_based")
    shown = on_terminal(program, "ab", *short, "--vary=iodepth=1,2", "--pairs=2")
    assert shown.count(" left") == 3  # and after the last there is nothing left
    shown = on_terminal(
        program, "calibrate", *NULL, "--length=0.1", "--length=0.2", "--pairs=6", "--output=c.json"
    )
    assert "trial 24 of 24" in shown
    assert shown.count(" left") == 23


def test_sigusr1_prints_how_it_is_doing_and_goes_on(program: Program) -> None:
    process = program.start("run", *NULL, "--runtime=60", "--time_based", "--json")
    told = ""
    assert process.stderr
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if any("iothread" in open(f"/proc/{process.pid}/task/{task}/comm").read()  # noqa: PTH123, SIM115
               for task in os.listdir(f"/proc/{process.pid}/task")):  # noqa: PTH208  # fmt: skip
            break
        time.sleep(0.05)
    for _ in range(2):
        process.send_signal(signal.SIGUSR1)
        told = process.stderr.readline()
        assert re.fullmatch(r"SIGUSR1: job  \d+ s of 60  .*IOPS .*p99 .*\n", told)
    process.send_signal(signal.SIGINT)
    stdout, _ = process.communicate(timeout=20)
    assert json.loads(stdout)["status"] == "interrupted"


def test_sigusr1_brings_a_line_of_status_where_these_are_asked_for(program: Program) -> None:
    process = program.start("run", *NULL, "--runtime=60", "--time_based", "--status-interval=40")
    assert process.stderr
    time.sleep(0.1)
    deadline = time.monotonic() + 30
    while len(os.listdir(f"/proc/{process.pid}/task")) < 2:  # noqa: PTH208
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGUSR1)
    assert json.loads(process.stderr.readline())["kind"] == "status"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)


# ---- the words alone -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phase", "mark"),
    [("delayed", "waiting"), ("ramp", "ramp"), ("searching", "searching"),
     ("verifying", "verifying"), ("measuring", ""), ("draining", "")],
)  # fmt: skip
def test_phases_that_do_not_measure_are_marked(phase: str, mark: str) -> None:
    seen: list[Progress] = []
    laiobench.run(Job(engine="null", number_ios=10), watch=seen.extend)
    sample = dataclasses.replace(seen[0], totals=dataclasses.replace(seen[0].totals, phase=phase))
    for word in ("waiting", "ramp", "searching", "verifying"):
        assert (word in line([sample])) == (word == mark)


def test_wide_letters_count_twice_and_accents_not() -> None:
    assert cut("日本語", 6) == "日本語"
    assert cut("日本語", 5) == "日本…"
    assert cut("e\u0301" * 5, 5) == "e\u0301" * 5
    assert cut("abc", 2) == "a…"


def test_nothing_is_left_at_the_end_and_nothing_known_at_the_start() -> None:
    time_left = TimeLeft()
    assert time_left.after(0, 10) == ""
    assert time_left.after(10, 0) == ""
    assert re.fullmatch(r"about \d+ s left", time_left.after(1, 1))
    assert re.fullmatch(r"about [\d.]+ (min|h) left", time_left.after(1e-9, 1e6))

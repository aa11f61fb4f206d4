"""Progress on a terminal while something is measured, and the answer to SIGUSR1."""

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
from laiobench.cli.progress import cut, fill_line, line
from laiobench.cli.time_left import TimeLeft
from laiobench.measurement.control import Progress
from laiobench.measurement.targets import Filling
from program import Program

NULL = ("--engine=null", "--null_latency_us=100")


def on_terminal(program: Program, *arguments: str, columns: int = 80, term: str = "xterm") -> str:
    """The output on stderr, which is a terminal of that width."""
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
    """The lines of progress, which were drawn over each other."""
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


def filled(shown: str) -> list[tuple[int, int]]:
    """How much was drawn to be written of 32 MiB, and what share that is called."""
    found = re.findall(r"\r\x1b\[Kwriting \S+  (\d+) (?:MiB|B|bytes) of 32 MiB \((\d+)%\)", shown)
    return [(int(done), int(share)) for done, share in found]


@pytest.mark.parametrize(
    "command",
    [("run", "--no-save"), ("run", "--no-save", "--filename=new.bin", "--rw=write"),
     ("ab", "--vary=iodepth=1,2", "--pairs=1"),
     ("calibrate", "--length=0.1", "--length=0.2", "--pairs=6", "--output=c.json")],
)  # fmt: skip
def test_a_file_that_is_written_first_shows_how_far_it_is(
    program: Program, command: tuple[str, ...]
) -> None:
    folder = program.folder / "scratch"
    inside = Program(program.folder, {**program.environment, "LAIOBENCH_SCRATCH": str(folder)})
    shown = on_terminal(inside, *command, "--size=32m", "--runtime=0.1", "--time_based", columns=60)
    done = filled(shown)
    assert done == sorted(done)
    assert (done[0], done[-1]) == ((0, 0), (32, 100))
    lines = [text for text in shown.split("\r\x1b[K") if "writing" in text and "\n" not in text]
    assert len(lines) >= len(done)
    assert all(len(text) < 60 for text in lines)


def test_where_nothing_can_be_drawn_nothing_is(program: Program) -> None:
    new = ("--rw=write", "--size=32m", "--number_ios=1", "--no-save")
    shown = on_terminal(program, "run", "--filename=a.bin", *new, term="dumb")
    assert "\x1b" not in shown
    assert "writing a.bin, 32 MiB" in shown
    assert "writing a.bin  " not in shown
    piped = program("run", "--filename=b.bin", *new)
    assert "writing b.bin, 32 MiB" in piped.stderr
    assert "writing b.bin  " not in piped.stderr
    assert "writing" not in program("run", "--filename=c.bin", *new, "--quiet").stderr


def test_what_is_said_meanwhile_stands_above_the_line_which_is_drawn_again(
    program: Program,
) -> None:
    shown = on_terminal(
        program, "run", "--engine=null", "--null_latency_us=4s", "--iodepth=4", "--number_ios=4",
        "--hang-timeout=2500ms", "--no-save",
    )  # fmt: skip
    warning = "\r\x1b[Kwarning: job job: of 4 I/Os in flight"
    assert warning in shown
    assert shown.count("warning: job job: of 4") == shown.count(warning)
    said = shown[shown.index(warning) :]
    redrawn = re.match(r"[^\n]*\n(?:  read of [^\n]*\n){4}\r\x1b\[K(.*?)\r\x1b", said, re.DOTALL)
    assert redrawn
    assert "IOPS" in redrawn[1]


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


@pytest.mark.parametrize(
    ("more", "told"),
    [((), r"SIGUSR1: writing laiobench-scratch.dat  .* of 4 GiB \(\d+%\).*\n"),
     (("--status-interval=40",), r'\{"kind": "filling", .*"size_bytes": 4294967296\}\n')],
)  # fmt: skip
def test_sigusr1_tells_how_far_a_file_is(
    program: Program, more: tuple[str, ...], told: str
) -> None:
    folder = program.folder / "scratch"
    inside = Program(program.folder, {**program.environment, "LAIOBENCH_SCRATCH": str(folder)})
    process = inside.start("run", "--size=4g", "--rw=randread", *more)
    assert process.stderr
    assert "writing the scratch file" in process.stderr.readline()
    process.send_signal(signal.SIGUSR1)
    assert re.fullmatch(told, process.stderr.readline())
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130


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


def test_how_far_a_file_is_is_told_with_speed_and_what_is_left() -> None:
    filling = Filling("/a/long-name.dat", 1 << 30, 4 << 30, 2.0)
    text = fill_line(filling)
    assert text.startswith("writing long-name.dat  1 GiB of 4 GiB (25%)  ")
    assert text.endswith("  about 6 s left")
    assert fill_line(filling, len(text)) == text
    assert fill_line(filling, len(text) - 3).startswith("writing long-name…  1 GiB of ")
    assert len(fill_line(filling, 20)) == 20


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

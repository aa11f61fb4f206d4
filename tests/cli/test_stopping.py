"""Signals: the first drains and saves, the second leaves at once and saves what there is."""

import fcntl
import json
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

import laiobench
from laiobench import Job
from laiobench.measurement.control import Control
from program import Program


def wait_until_running(process: subprocess.Popen[str]) -> None:
    """Until the IOThread is there, and a little longer."""
    deadline = time.monotonic() + 20
    tasks = Path(f"/proc/{process.pid}/task")
    while time.monotonic() < deadline:
        if any("iothread" in (task / "comm").read_text() for task in tasks.iterdir()):
            time.sleep(0.3)
            return
        time.sleep(0.02)
    raise AssertionError("the run did not start")


@pytest.mark.parametrize("mode", ["poll", "eventfd", "bh", "adaptive", "getevents"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_drains_and_saves(
    program: Program, data_file: Path, number: signal.Signals, mode: str
) -> None:
    process = program.start(
        "run", f"--filename={data_file}", "--rw=randread", "--iodepth=8", "--runtime=60",
        "--time_based", "--json", f"--completion={mode}",
    )  # fmt: skip
    wait_until_running(process)
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=20)
    assert process.returncode == 130, stderr
    document = json.loads(stdout)
    assert document["status"] == "interrupted"
    (job,) = document["jobs"]
    accounts = job["accounts"]
    ended = accounts["completed"] + accounts["failed"] + accounts["cancelled"]
    assert accounts["submitted"] == ended > 0
    assert all(rule["holds"] for rule in job["proof"])
    assert job["read"]["ios"] > 0
    (saved,) = program.folder.joinpath("results").iterdir()
    assert json.loads(saved.read_text()) == document
    assert signal.Signals(number).name in stderr


def endless(*more: str) -> tuple[str, ...]:
    return ("run", "--engine=null", "--null_latency_us=100", "--runtime=60", "--time_based",
            "--json", *more)  # fmt: skip


@pytest.mark.parametrize(
    "number",
    [signal.SIGQUIT, signal.SIGXCPU, signal.SIGUSR2, signal.SIGALRM, signal.SIGVTALRM,
     signal.SIGPROF, signal.SIGPWR, signal.SIGIO, signal.SIGSTKFLT, signal.SIGRTMIN,
     signal.SIGRTMIN + 5, signal.SIGRTMAX],
)  # fmt: skip
def test_whatever_would_end_it_saves_first(program: Program, number: int) -> None:
    process = program.start(*endless())
    wait_until_running(process)
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=20)
    assert process.returncode == 130, stderr
    assert json.loads(stdout)["status"] == "interrupted"
    assert len(list(program.folder.joinpath("results").iterdir())) == 1


def test_a_limit_of_cpu_time_that_is_told_each_second_is_in_no_hurry(program: Program) -> None:
    """SIGXCPU comes again and again until the hard limit; that is not to leave at once."""
    process = program.start(
        *endless("--null_latency_us=1500ms", "--iodepth=4", "--runtime=60", "--ramp_time=0")
    )
    wait_until_running(process)
    for _ in range(3):
        process.send_signal(signal.SIGXCPU)
        time.sleep(0.1)
    stdout, stderr = process.communicate(timeout=20)
    assert process.returncode == 130, stderr
    assert "leaving" not in stderr
    (job,) = json.loads(stdout)["jobs"]
    assert job["accounts"]["submitted"] == job["accounts"]["completed"]


@pytest.mark.parametrize(
    "number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGUSR1]
)
def test_what_was_ignored_when_it_was_started_stays_so(
    program: Program, number: signal.Signals
) -> None:
    """As nohup and `trap '' INT` do it."""
    process = subprocess.Popen(
        program.command(*endless()), cwd=program.folder, env=program.environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(number, signal.SIG_IGN),
    )  # fmt: skip
    wait_until_running(process)
    process.send_signal(number)
    time.sleep(0.5)
    ending = signal.SIGINT if number == signal.SIGTERM else signal.SIGTERM
    process.send_signal(ending)
    stdout, stderr = process.communicate(timeout=20)
    assert json.loads(stdout)["status"] == "interrupted"
    assert number.name not in stderr
    assert f"{ending.name}: stopping" in stderr


# A sitecustomize that lists what is imported, and sends SIGINT at the import of one.
AT_AN_IMPORT = """
import os, signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ.get("INTERRUPTED_AT"):
            os.kill(os.getpid(), signal.SIGINT)
        elif os.environ.get("IMPORTED"):
            with open(os.environ["IMPORTED"], "a") as file:
                file.write(name + chr(10))
sys.meta_path.insert(0, Finder())
"""


@pytest.mark.parametrize("command", [("explain", "--engine=null"), ("run", "--engine=null")])
def test_ctrl_c_while_it_starts_is_no_fault(program: Program, command: tuple[str, ...]) -> None:
    """At each 40th import from the first of ours on, and in the midst of C code of another's."""
    program.folder.joinpath("sitecustomize.py").write_text(AT_AN_IMPORT)
    environment = {**program.environment, "PYTHONPATH": str(program.folder)}
    log = program.folder / "imported"
    listing = Program(program.folder, {**environment, "IMPORTED": str(log)})
    assert listing(*command, "--number_ios=10").code == 0
    names = list(dict.fromkeys(log.read_text().splitlines()))
    after = names[names.index("laiobench.cli.main") :]
    assert len(after) > 100
    for name in [*after[::40], "pydantic_core", "laiobench.jobs.options.pattern"]:
        at = Program(program.folder, {**environment, "INTERRUPTED_AT": name})
        outcome = at(*command, "--number_ios=10")
        assert outcome.code == 130, (name, outcome)
        assert "fault" not in outcome.stderr, (name, outcome)


def test_stopping_in_the_ramp_ends_the_run(program: Program) -> None:
    """While the slow I/Os of the ramp drain, its end must not begin anything anew."""
    process = program.start(
        "run", "--engine=null", "--null_latency_us=1500ms", "--iodepth=4", "--ramp_time=1",
        "--runtime=60", "--time_based", "--json",
    )  # fmt: skip
    wait_until_running(process)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=20)
    assert process.returncode == 130, stderr
    (job,) = json.loads(stdout)["jobs"]
    assert job["read"]["ios"] == 0  # it never came to measure
    assert job["series"] == []
    assert job["accounts"]["submitted"] == 4


@pytest.mark.strace
def test_a_signal_while_the_result_is_saved_loses_nothing(program: Program) -> None:
    slow_sync = ("strace", "-f", "-qq", "-e", "trace=fsync", "-e",
                 "inject=fsync:delay_enter=1500000", "-o", "log")  # fmt: skip
    process = subprocess.Popen(
        [*slow_sync, *program.command("run", "--engine=null", "--number_ios=10", "--json")],
        cwd=program.folder, env=program.environment, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    # It is there, and its folder is still to be synced.
    results = program.folder / "results"
    deadline = time.monotonic() + 20
    while not list(results.glob("*.json")) and time.monotonic() < deadline:
        time.sleep(0.02)
    child = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])
    os.kill(child, signal.SIGINT)
    stdout, _ = process.communicate(timeout=20)
    assert json.loads(stdout)["status"] == "ok"  # it was measured whole
    assert len(list(results.iterdir())) == 1


def test_a_terminal_that_goes_away_loses_nothing(program: Program) -> None:
    """SIGHUP, and nobody to tell it to."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        program.command("run", "--engine=null", "--null_latency_us=100", "--runtime=60",
                        "--time_based"),
        cwd=program.folder, env=program.environment, stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    wait_until_running(process)
    os.close(ours)
    process.send_signal(signal.SIGHUP)
    process.wait(timeout=20)
    (saved,) = program.folder.joinpath("results").iterdir()
    assert json.loads(saved.read_text())["status"] == "interrupted"


def test_stopping_while_the_scratch_file_is_written(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / "scratch"
    inside = Program(program.folder, {**program.environment, "LAIOBENCH_SCRATCH": str(folder)})
    process = inside.start("run", "--size=4g", "--rw=randread")
    assert process.stderr is not None
    assert "writing the scratch file" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130
    assert list(folder.iterdir()) == []


def test_what_a_killed_writer_left_is_removed(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / "scratch"
    folder.mkdir()
    left_over = folder / ".laiobench-0123456789abcdef.partial"
    left_over.write_bytes(bytes(1000))
    inside = Program(program.folder, {**program.environment, "LAIOBENCH_SCRATCH": str(folder)})
    assert inside("run", "--size=1m", "--number_ios=1").code == 0
    assert not left_over.exists()


def test_leaving_keeps_the_target_open_for_what_is_in_flight(data_file: Path) -> None:
    """Else the next file to be opened would get the I/Os of the last."""
    control = Control()

    def leave(_: object) -> None:
        control.request_stop()
        control.request_stop()

    job = Job(filename=str(data_file), rw="randwrite", iodepth=8, runtime=60, time_based=True)
    result = laiobench.run(job, allow_write=[str(data_file)], control=control, watch=leave)
    assert result.status == "interrupted"
    with tempfile.TemporaryFile() as innocent:
        time.sleep(0.3)
        assert os.fstat(innocent.fileno()).st_size == 0


def test_a_second_signal_leaves_at_once(program: Program) -> None:
    """A target that takes a minute for each I/O would keep a drain waiting."""
    process = program.start(
        "run", "--engine=null", "--null_latency_us=60s", "--iodepth=4", "--runtime=60",
        "--time_based", "--json",
    )  # fmt: skip
    wait_until_running(process)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert process.poll() is None  # it waits for the I/Os in flight
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=10)
    assert process.returncode == 130
    assert json.loads(stdout)["status"] == "interrupted"
    assert "leaving with 4 I/Os in flight" in stderr
    (job,) = json.loads(stdout)["jobs"]
    assert job["proof"] == []  # nothing is proven while I/Os are in flight
    assert len(list(program.folder.joinpath("results").iterdir())) == 1


# ---- nobody reads ------------------------------------------------------------------------


def wait_until_writing(process: subprocess.Popen[str]) -> None:
    """Until it is blocked, since a pipe of its own is full."""
    deadline = time.monotonic() + 30
    while "pipe_write" not in Path(f"/proc/{process.pid}/wchan").read_text():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(
    "command",
    [("run", "--engine=null", "--number_ios=10", "--json"),
     ("ab", "--engine=null", "--number_ios=10", "--vary=iodepth=1,2", "--pairs=1", "--json")],
)  # fmt: skip
def test_a_second_signal_ends_what_waits_for_a_reader_that_has_stopped(
    program: Program, command: tuple[str, ...]
) -> None:
    process = program.start(*command)
    assert process.stdout
    assert process.stderr
    fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 4096)
    wait_until_writing(process)
    process.send_signal(signal.SIGINT)
    while "stopping; once more" not in process.stderr.readline():
        pass
    assert process.poll() is None  # the reader may go on
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 130
    assert len(list(program.folder.joinpath("results").iterdir())) == 1


def test_once_more_after_a_while_ends_what_cannot_even_be_said(program: Program) -> None:
    """Nobody reads stderr, before anything is saved."""
    process = program.start(
        "run", "--engine=null", "--null_latency_us=60s", "--iodepth=4", "--runtime=60",
        "--time_based", "--status-interval=1", "--numjobs=40",
    )  # fmt: skip
    assert process.stderr
    fcntl.fcntl(process.stderr, fcntl.F_SETPIPE_SZ, 4096)
    wait_until_writing(process)
    deadline = time.monotonic() + 30
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        assert time.monotonic() < deadline
    assert process.returncode == 130

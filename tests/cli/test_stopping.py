"""Signals: once drains and saves, twice leaves at once with what there is."""

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

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
    assert "leaving" in stderr
    assert len(list(program.folder.joinpath("results").iterdir())) == 1

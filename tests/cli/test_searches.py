"""Searches for a depth, steady states, and jobs that begin after others."""

import json
import re
import signal
import time
from pathlib import Path

import pytest

from program import Program

NULL = ("--engine=null", "--time_based", "--json", "--no-save")
# Eight at a time take 2 ms each: at depth 8 an I/O takes 2 ms, at 16 it takes 4.
SERVERS = (*NULL, "--null_latency_us=2000", "--null_servers=8", "--iodepth=64")


@pytest.mark.parametrize("mode", ["poll", "eventfd"])
def test_the_highest_depth_within_the_target_is_found_and_measured(
    program: Program, mode: str
) -> None:
    outcome = program(
        "run", *SERVERS, "--runtime=20", "--latency_target=35ms", "--latency_window=250ms",
        "--latency_percentile=80", f"--completion={mode}", "--null_latency_us=20000",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    (job,) = outcome.document["jobs"]
    search = job["latency_target"]
    assert search["attained"]
    assert search["depth"] <= 13
    assert search["depth"] >= 2
    assert [step["depth"] for step in search["tried"]][:3] == [1, 2, 4]
    assert job["runtime_ns"] < 5e9  # one window, at that depth: the document has no other
    assert job["read"]["iops"] == pytest.approx(
        search["depth"] / job["read"]["lat_ns"]["mean"] * 1e9, rel=0.2
    )


def test_with_latency_run_the_depth_is_measured_until_the_runtime_is_over(
    program: Program,
) -> None:
    outcome = program(
        "run", *SERVERS, "--runtime=2", "--latency_target=10s", "--latency_window=50ms",
        "--latency_run",
    )  # fmt: skip
    (job,) = outcome.document["jobs"]
    assert job["latency_target"]["depth"] == 64
    assert len(job["latency_target"]["tried"]) == 7
    assert 0.5e9 < job["runtime_ns"] < 2e9  # without the search, which took 0.35 s of the 2


def test_a_target_that_cannot_be_kept_is_said_so(program: Program) -> None:
    outcome = program(
        "run", *SERVERS, "--latency_target=100", "--latency_window=50ms", "--runtime=9"
    )
    assert outcome.code == 0
    (job,) = outcome.document["jobs"]
    assert not job["latency_target"]["attained"]
    assert job["latency_target"]["depth"] == 0
    assert "not even at depth 1" in outcome.stderr


def test_a_search_has_time_to_end_before_the_runtime_does(program: Program) -> None:
    outcome = program(
        "run", *SERVERS, "--latency_target=10s", "--latency_window=1s", "--runtime=1.5"
    )
    assert outcome.code == 0, outcome.stderr
    assert outcome.document["jobs"][0]["latency_target"]["is_over"]
    assert "(latency_window): the search would not have ended within the runtime" in outcome.stderr


def test_the_table_says_which_depth_it_is(program: Program) -> None:
    outcome = program(
        "run", *(word for word in SERVERS if word != "--json"), "--latency_target=10s",
        "--latency_window=20ms", "--runtime=5",
    )  # fmt: skip
    assert "depth 64 of 64 is the highest that keeps 100 % of lat within 10.0 s" in outcome.stdout


def test_a_steady_job_ends(program: Program) -> None:
    outcome = program(
        "run", *SERVERS, "--runtime=30", "--rate_iops=1000", "--steadystate=iops:30%",
        "--steadystate_duration=1", "--steadystate_check_interval=200ms",
        "--steadystate_ramp_time=200ms",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    assert outcome.document["status"] == "ok"
    (job,) = outcome.document["jobs"]
    steady = job["steadystate"]
    assert steady["attained"]
    assert steady["measured"] <= 30
    assert len(steady["iops"]) == 5
    assert steady["iops_mean"] == pytest.approx(1000, rel=0.3)
    assert 1.1e9 < job["runtime_ns"] < 20e9
    assert all(rule["holds"] for rule in job["proof"])


def test_a_job_that_never_is_steady_says_so_and_is_no_failure(program: Program) -> None:
    outcome = program(
        "run", *SERVERS, "--runtime=1", "--steadystate=iops:0%", "--steadystate_duration=400ms",
        "--steadystate_check_interval=100ms", "--rate_process=poisson", "--rate_iops=500",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    (job,) = outcome.document["jobs"]
    assert not job["steadystate"]["attained"]
    assert re.search(
        "did not become steady: at the end it was .*% instead of iops:0%", outcome.stderr
    )


def test_fio_s_json_has_them_where_fio_has_them(program: Program) -> None:
    outcome = program(
        "run", *SERVERS[:2], *SERVERS[4:], "--runtime=2", "--latency_run", "--output=run.json",
        "--latency_target=10s", "--latency_window=20ms", "--steadystate=iops:90%",
        "--steadystate_duration=200ms", "--steadystate_check_interval=100ms",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    (job,) = program("export", "./run.json", "--format=fio-json").document["jobs"]
    assert (job["latency_depth"], job["latency_target"], job["latency_window"]) == (
        64, 10_000_000_000, 20_000,
    )  # fmt: skip
    assert job["steadystate"]["ss"] == "iops:90%"
    assert job["steadystate"]["attained"] == 1
    assert len(job["steadystate"]["data"]["bw"]) == 2


# ---- who begins when -----------------------------------------------------------------

TWO = """
[global]
engine = "null"
null_latency_us = 1000
time_based = true
runtime = 0.3

[job.first]
{first}

[job.second]
{second}
"""


def windows(program: Program, first: str = "", second: str = "", *more: str) -> list[float]:
    """When each copy of each job measured, from the first one's first point on: seconds."""
    path = program.folder / "two.toml"
    path.write_text(TWO.format(first=first, second=second))
    outcome = program("run", path, "--json", "--no-save", *more)
    assert outcome.code == 0, outcome.stderr
    assert all(rule["holds"] for job in outcome.document["jobs"] for rule in job["proof"])
    starts = [job["window_start_ns"] for job in outcome.document["jobs"]]
    return [(start - starts[0]) / 1e9 for start in starts]


@pytest.mark.parametrize("mode", ["poll", "eventfd"])
def test_a_job_begins_after_its_delay(program: Program, mode: str) -> None:
    _, second = windows(program, "", "startdelay = 0.5", f"--completion={mode}")
    assert 0.45 <= second < 2


def test_a_delay_by_chance_is_within_its_range_and_each_copy_s_own(program: Program) -> None:
    _, *copies = windows(program, "", 'startdelay = "0.1-0.6"\nnumjobs = 4')
    assert all(0.05 <= copy < 2 for copy in copies)
    assert len({round(copy, 2) for copy in copies}) > 1


@pytest.mark.parametrize("sharing", ["", "--iothread=both"])
def test_a_job_waits_for_all_copies_of_another(program: Program, sharing: str) -> None:
    *_, second = windows(
        program, "numjobs = 2", 'wait_for = "first"', *([sharing] if sharing else [])
    )
    assert 0.29 <= second < 2


def test_jobs_can_only_wait_for_those_above(program: Program) -> None:
    path = program.folder / "circle.toml"
    path.write_text(TWO.format(first='wait_for = "second"', second='wait_for = "first"'))
    outcome = program("run", path)
    assert outcome.code == 2
    assert "job first waits for second (wait_for), which is not above it" in outcome.stderr


def test_an_interrupt_ends_those_that_wait_as_well(program: Program) -> None:
    path = program.folder / "two.toml"
    path.write_text(TWO.format(first="", second='wait_for = "first"').replace("0.3", "60"))
    running = program.start("run", path, "--json", "--no-save")
    try:
        tasks = Path(f"/proc/{running.pid}/task")
        while not any("iothread" in (task / "comm").read_text() for task in tasks.iterdir()):
            assert running.poll() is None
            time.sleep(0.02)
        time.sleep(0.3)
        running.send_signal(signal.SIGINT)
        stdout, stderr = running.communicate(timeout=30)
    finally:
        running.kill()
    assert running.returncode == 130, stderr
    first, second = json.loads(stdout)["jobs"]
    assert first["read"]["ios"] > 0
    assert second["accounts"]["submitted"] == 0

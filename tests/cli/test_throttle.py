"""Throttle groups on the real program: the rate holds, is shared, and moves with its members."""

import json
from typing import Any

import pytest

import laiobench
from program import Program

pytestmark = pytest.mark.alone  # rates hold within a few percent

MODES = ("poll", "eventfd", "bh", "adaptive", "getevents")
NULL = (
    "--engine=null",
    "--null_latency_us=50",
    "--iodepth=8",
    "--time_based",
    "--runtime=2",
    "--throttle_burst=1",
)


def document(program: Program, *arguments: str) -> dict[str, Any]:
    outcome = program("run", *arguments, "--json", "--no-save")
    assert outcome.code == 0, outcome.stderr
    result: dict[str, Any] = json.loads(outcome.stdout)
    return result


def rate(result: dict[str, Any]) -> float:
    """I/Os a second of all jobs, from the first window's opening to the last one's end."""
    jobs = result["jobs"]
    ios: float = sum(job["read"]["ios"] for job in jobs)
    longest_ns: float = max(job["runtime_ns"] for job in jobs)
    return ios / longest_ns * 1e9


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("move_every", [0, 50])
def test_the_rate_of_a_group_holds_also_when_members_move(
    program: Program, mode: str, move_every: int
) -> None:
    result = document(
        program, *NULL, f"--completion={mode}", "--numjobs=2", "--throttle_iops=2000",
        f"--iothread_move_every={move_every}",
    )  # fmt: skip
    assert rate(result) == pytest.approx(2000, rel=0.01)
    assert all(rule["holds"] for job in result["jobs"] for rule in job["proof"])


def test_the_rate_of_bytes_holds(program: Program) -> None:
    result = document(program, *NULL, "--bs=64k", "--throttle_bw=64M")
    assert rate(result) == pytest.approx(1024, rel=0.01)


def test_members_get_the_same_share(program: Program) -> None:
    result = document(program, *NULL, "--numjobs=4", "--throttle_iops=2000")
    shares = [job["read"]["ios"] for job in result["jobs"]]
    assert min(shares) > 0.8 * max(shares)


def test_jobs_of_one_name_share_the_limit(program: Program) -> None:
    program.folder.joinpath("both.toml").write_text(
        "[global]\nengine='null'\nnull_latency_us=50\nruntime=1\ntime_based=true\n"
        "throttle_group='g'\nthrottle_iops=1000\n[job.a]\n[job.b]\niodepth=16\niothread='main'\n"
    )
    result = document(program, "both.toml")
    assert rate(result) == pytest.approx(1000, rel=0.01)


def test_jobs_of_equal_names_share_no_limit_unless_they_say_so() -> None:
    job = laiobench.Job(
        engine="null", null_latency_us=50, iodepth=8, runtime=2, time_based=True,
        throttle_iops=500, throttle_burst=1,
    )  # fmt: skip
    result = laiobench.run([job, job])
    rates = [job.read.iops for job in result.jobs if job.read]
    assert rates == [pytest.approx(500, rel=0.01)] * 2


def test_a_group_has_one_limit(program: Program) -> None:
    program.folder.joinpath("both.toml").write_text(
        "[global]\nengine='null'\nnumber_ios=1\nthrottle_group='g'\n"
        "[job.a]\nthrottle_iops=1000\n[job.b]\nthrottle_iops=2000\n"
    )
    outcome = program("run", "both.toml")
    assert outcome.code == 2
    assert "jobs a and b are in the throttle group g, but differ in throttle_iops" in outcome.stderr


def test_a_group_without_a_limit_is_none(program: Program) -> None:
    outcome = program("run", "--engine=null", "--throttle_group=g")
    assert outcome.code == 2
    assert "throttle_group needs throttle_iops or throttle_bw" in outcome.stderr


def test_a_throttled_job_ends_with_its_last_io(program: Program) -> None:
    result = document(program, "--engine=null", "--number_ios=30", "--throttle_iops=100")
    (job,) = result["jobs"]
    assert job["read"]["ios"] == 30
    assert job["runtime_ns"] >= 0.28e9

"""exitall: the end of one job ends its group."""

import time

import pytest

from program import Outcome, Program

# Without the end of another, `long` would take a minute.
LONG = ("--name=long", "--runtime=60", "--time_based")
NULL = ("--engine=null", "--size=1g", "--null_latency_us=100")


def run(program: Program, *arguments: str) -> Outcome:
    began = time.monotonic()
    outcome = program("run", "--no-save", "--json", *arguments)
    assert time.monotonic() - began < 45
    return outcome


def test_exitall_ends_the_group_when_its_job_has_finished(program: Program) -> None:
    outcome = run(
        program, *NULL, "--name=short", "--number_ios=100", "--exitall", "--name=long",
        "--runtime=60",
    )  # fmt: skip
    document = outcome.document
    assert (outcome.code, document["status"]) == (0, "ok")
    assert document["jobs"][0]["read"]["ios"] == 100
    assert document["jobs"][1]["runtime_ns"] < 45e9
    assert "ended_early" not in [warning["id"] for warning in document["warnings"]]


def test_a_group_after_it_runs_nevertheless(program: Program) -> None:
    outcome = run(
        program, *NULL, "--name=short", "--number_ios=100", "--exitall", *LONG,
        "--name=next", "--stonewall", "--number_ios=50",
    )  # fmt: skip
    assert outcome.document["jobs"][2]["read"]["ios"] == 50


@pytest.mark.parametrize("end", ["--exitall_on_error", "--exitall"])
def test_a_failure_ends_the_group(program: Program, end: str) -> None:
    """/dev/full takes no write of this kind."""
    outcome = run(
        program, "--name=bad", "--filename=/dev/full", "--allow-write=/dev/full", "--rw=write",
        "--direct=0", "--size=1m", "--number_ios=10", end, *LONG, *NULL,
    )  # fmt: skip
    assert outcome.code == 1
    assert "bad: write I/Os failed: 10 ×" in outcome.stderr
    assert outcome.document["jobs"][1]["runtime_ns"] < 45e9


def test_exitall_on_error_minds_no_good_end(program: Program) -> None:
    outcome = run(
        program, *NULL, "--name=short", "--number_ios=10", "--exitall_on_error",
        "--name=long", "--number_ios=3000",
    )  # fmt: skip
    assert outcome.document["jobs"][1]["read"]["ios"] == 3000

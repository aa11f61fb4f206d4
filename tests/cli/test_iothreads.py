"""The threads that run jobs: an IOThread each, a shared one, the main context, or several."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from program import Program

MODES = ("poll", "eventfd", "bh", "adaptive", "getevents")
REAPERS = {"adaptive": ("poll", "eventfd")}


def reaped(job: dict[str, Any], mode: str) -> int:
    """By the mode's own reapers."""
    return sum(job["counters"]["reaped"][reaper] for reaper in REAPERS.get(mode, (mode,)))


def two_jobs(program: Program, more: str) -> Path:
    profile = program.folder / "two.toml"
    profile.write_text(
        f'[global]\nrw = "randread"\nnumber_ios = 1500\niodepth = 4\n{more}\n[job.a]\n[job.b]\n'
    )
    return profile


@pytest.fixture
def a_busy_cpu() -> Iterator[int]:
    """One that another program never leaves."""
    cpu = min(os.sched_getaffinity(0))
    program = f"import os; os.sched_setaffinity(0, {{{cpu}}}); print(flush=True)\nwhile True: pass"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as hog:
        assert hog.stdout
        hog.stdout.readline()
        yield cpu
        hog.kill()


def test_a_short_job_beside_a_long_one_is_told_what_its_iothread_used_and_waited(
    program: Program, a_busy_cpu: int
) -> None:
    """What an IOThread comes to in the long job's window is not held against the short one's."""
    program.folder.joinpath("two.toml").write_text(
        f"""
        [global]
        engine = "null"
        null_latency_us = 50
        size = "1g"
        iothread = "shared"
        cpus_allowed = "{a_busy_cpu}"
        [job.short]
        number_ios = 20
        [job.long]
        runtime = 1.5
        time_based = true
        """
    )
    outcome = program("run", "two.toml", "--json", "--no-save")
    short, long = outcome.document["jobs"]
    assert short["runtime_ns"] < long["runtime_ns"]
    for job in (short, long):
        cpu = job["cpu"]
        used_ns = cpu["user_ns"] + cpu["system_ns"] + job["counters"]["other"]["run_delay_ns"]
        assert used_ns <= cpu["measured_ns"] * 1.02
    told = [w["seen"] for w in outcome.document["warnings"] if w["id"] == "cpu_contended"]
    shares = [int(re.search(r"waited (\d+)%", seen)[1]) for seen in told]  # type: ignore[index]
    assert len(shares) == 2 and max(shares) <= 100


@pytest.mark.parametrize("mode", MODES)
def test_jobs_share_an_iothread_and_its_queue(program: Program, data_file: Path, mode: str) -> None:
    profile = two_jobs(program, f'iothread = "shared"\ncompletion = "{mode}"')
    outcome = program("run", profile, f"--filename={data_file}", "--json")
    assert outcome.code == 0, outcome.stderr
    a, b = outcome.document["jobs"]
    assert a["iothreads"] == b["iothreads"] == ["shared"]
    assert a["read"]["ios"] == b["read"]["ios"] == 1500
    assert a["counters"] == b["counters"]  # of the thread that they share
    assert reaped(a, mode) == 3000
    assert all(rule["holds"] for rule in a["proof"])
    assert a["cpu"]["ios"] == b["cpu"]["ios"] == 3000
    assert a["cpu"]["per_io_ns"] == pytest.approx(
        (a["cpu"]["user_ns"] + a["cpu"]["system_ns"]) / 3000
    )


@pytest.mark.parametrize("mode", MODES)
def test_a_job_runs_on_the_main_context(program: Program, data_file: Path, mode: str) -> None:
    outcome = program(
        "run", f"--filename={data_file}", "--rw=randread", "--iothread=main", "--iodepth=4",
        "--number_ios=1500", f"--completion={mode}", "--json",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    (job,) = outcome.document["jobs"]
    assert job["iothreads"] == ["main"]
    assert reaped(job, mode) == 1500
    assert all(rule["holds"] for rule in job["proof"])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("iothread", [None, "named", "main"])
def test_a_job_moves_between_contexts_and_loses_nothing(
    program: Program, data_file: Path, mode: str, iothread: str | None
) -> None:
    where = [f"--iothread={iothread}"] if iothread else []
    outcome = program(
        "run", f"--filename={data_file}", "--rw=randread", "--iodepth=8", "--number_ios=3000",
        "--iothread_move_every=100", f"--completion={mode}", *where, "--json",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    (job,) = outcome.document["jobs"]
    first = iothread or "iothread0"
    assert job["iothreads"] == [first, f"{first}b"]
    assert job["read"]["ios"] == job["accounts"]["submitted"] == 3000
    assert reaped(job, mode) == 3000
    assert len(job["proof"]) >= 6
    assert all(rule["holds"] for rule in job["proof"])


def test_jobs_move_round_the_iothreads_that_are_named(program: Program, data_file: Path) -> None:
    profile = program.folder / "round.toml"
    profile.write_text(
        '[global]\nrw = "randread"\nnumber_ios = 2000\niothread_move_every = 50\n'
        '[job.a]\niothread = "one"\n[job.b]\niothread = "two"\n[job.c]\niothread = "three"\n'
    )
    outcome = program("run", profile, f"--filename={data_file}", "--json")
    assert outcome.code == 0, outcome.stderr
    a, b, c = outcome.document["jobs"]
    assert a["iothreads"] == ["one", "two", "three"]
    assert b["iothreads"] == ["two", "three", "one"]
    assert [job["read"]["ios"] for job in (a, b, c)] == [2000, 2000, 2000]


def test_jobs_of_one_iothread_must_agree(program: Program, data_file: Path) -> None:
    profile = program.folder / "differ.toml"
    profile.write_text(
        '[global]\niothread = "x"\n[job.a]\ncompletion = "poll"\n[job.b]\ncompletion = "eventfd"\n'
    )
    outcome = program("run", profile, f"--filename={data_file}")
    assert outcome.code == 2
    assert "jobs a and b share the IOThread x, but differ in completion" in outcome.stderr


def test_a_name_that_is_given_is_no_other_thread_s(program: Program) -> None:
    """Neither that of a job's own thread, nor of the second one that a moving job gets."""
    program.folder.joinpath("names.toml").write_text(
        "[global]\nengine='null'\nnumber_ios=100\n"
        "[job.a]\n[job.b]\niothread='iothread0'\n"
        "[job.c]\niothread='x'\niothread_move_every=10\n"
        "[job.d]\niothread='xb'\ncompletion='eventfd'\n"
    )
    outcome = program("run", "names.toml", "--json", "--no-save")
    assert outcome.code == 0, outcome.stderr
    names = {job["name"]: set(job["iothreads"]) for job in outcome.document["jobs"]}
    assert names["b"] == {"iothread0"}
    assert names["d"] == {"xb"}
    assert len(names["a"] | names["b"] | names["c"] | names["d"]) == 5


def test_the_thread_that_called_is_not_pinned(program: Program) -> None:
    outcome = program("run", "--engine=null", "--iothread=main", "--cpus_allowed=0")
    assert outcome.code == 2
    assert "cpus_allowed cannot pin the thread that called" in outcome.stderr


def test_only_native_aio_submits_by_io_submit(program: Program, data_file: Path) -> None:
    shown = program("run", "--engine=threads", f"--filename={data_file}", "--number_ios=10")
    assert "io_submit" not in shown.stdout
    assert "submits" in shown.stdout

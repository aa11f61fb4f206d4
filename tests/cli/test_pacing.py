"""Schedules, pauses and depths on the real program: rates hold, and stalls are not hidden."""

import os
from typing import Any

import pytest

from program import Program

pytestmark = pytest.mark.alone  # rates hold within a few percent

MODES = ("poll", "eventfd", "bh", "adaptive", "getevents")
NULL = ("--engine=null", "--null_latency_us=50", "--time_based", "--json", "--no-save")


def rules_hold(job: dict[str, Any]) -> bool:
    return all(rule["holds"] for rule in job["proof"])


@pytest.mark.parametrize("mode", MODES)
def test_a_rate_holds_in_every_mode(program: Program, mode: str) -> None:
    outcome = program(
        "run", *NULL, "--runtime=1", "--iodepth=64", "--rate_iops=2000", f"--completion={mode}"
    )
    assert outcome.code == 0, outcome.stderr
    (job,) = outcome.document["jobs"]
    assert job["read"]["iops"] == pytest.approx(2000, rel=0.03)
    assert job["read"]["response_ns"]["count"] == job["read"]["ios"]
    assert job["read"]["response_ns"]["min"] >= job["read"]["lat_ns"]["min"]
    assert rules_hold(job)


@pytest.mark.parametrize("engine", ["libaio", "threads"])
def test_a_rate_of_bytes_holds_on_a_file(program: Program, engine: str) -> None:
    outcome = program(
        "run", "--runtime=1", "--time_based", "--iodepth=16", "--bs=8k", "--rate=8m", "--json",
        "--no-save", f"--engine={engine}", "--completion=eventfd", "--rate_process=poisson",
        "--size=16m",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    (job,) = outcome.document["jobs"]
    assert job["read"]["bw_bytes"] == pytest.approx(8 << 20, rel=0.15)  # chance: 1000 ± 32 I/Os
    assert rules_hold(job)


def test_without_a_rate_there_is_no_response(program: Program) -> None:
    outcome = program("run", *NULL, "--runtime=0.1")
    (job,) = outcome.document["jobs"]
    assert job["read"]["response_ns"] is None
    assert job["pacing"] is None
    assert "response" not in program("run", *NULL[:3], "--runtime=0.1", "--no-save").stdout


def test_each_direction_keeps_its_rate_whatever_the_mix(program: Program) -> None:
    outcome = program(
        "run", *NULL, "--runtime=1", "--iodepth=32", "--rw=randrw", "--rwmixread=90",
        "--rate_iops=1500,500",
    )  # fmt: skip
    (job,) = outcome.document["jobs"]
    assert job["read"]["iops"] == pytest.approx(1500, rel=0.03)
    assert job["write"]["iops"] == pytest.approx(500, rel=0.03)


def test_each_copy_has_the_rate(program: Program) -> None:
    outcome = program("run", *NULL, "--runtime=1", "--iodepth=32", "--rate_iops=500", "--numjobs=2")
    rates = [job["read"]["iops"] for job in outcome.document["jobs"]]
    assert rates == pytest.approx([500, 500], rel=0.03)


def test_a_rate_goes_on_while_its_job_moves(program: Program) -> None:
    outcome = program(
        "run", *NULL, "--runtime=1", "--iodepth=32", "--rate_iops=1000",
        "--iothread_move_every=50",
    )  # fmt: skip
    (job,) = outcome.document["jobs"]
    assert len(job["iothreads"]) == 2
    assert job["read"]["iops"] == pytest.approx(1000, rel=0.03)
    assert rules_hold(job)


def test_a_rate_that_is_too_high_is_warned_of(program: Program) -> None:
    outcome = program("run", *NULL, "--runtime=0.5", "--null_latency_us=2000", "--rate_iops=2000")
    assert outcome.code == 0
    warnings = {warning["id"] for warning in outcome.document["warnings"]}
    assert "rate_missed" in warnings
    (job,) = outcome.document["jobs"]
    assert job["pacing"]["late"] > 0
    # The schedule did not wait: the last of them were due long before they went.
    assert job["read"]["response_ns"]["max"] > 100e6 > job["read"]["lat_ns"]["percentiles"]["50"]


def test_the_table_tells_of_response(program: Program) -> None:
    outcome = program("run", *NULL[:3], "--no-save", "--runtime=0.3", "--rate_iops=1000")
    assert "read response (since due): mean" in outcome.stdout


def test_below_the_least_rate_a_job_ends(program: Program) -> None:
    outcome = program(
        "run", *NULL, "--runtime=30", "--null_latency_us=5000", "--rate_iops_min=1000",
        "--rate_cycle=200",
    )  # fmt: skip
    assert outcome.code == 1
    assert "less than rate_iops_min, 1,000, in a rate_cycle of 200 ms" in outcome.stderr
    assert outcome.document["jobs"][0]["runtime_ns"] < 10e9


def test_an_io_above_max_latency_ends_the_job(program: Program) -> None:
    outcome = program(
        "run", *NULL, "--runtime=30", "--null_latency_us=5000", "--max_latency=2ms", "--offset=1m"
    )
    assert outcome.code == 1
    assert "since a read at offset 1,048,576 took" in outcome.stderr
    assert "more than max_latency, 2.00 ms" in outcome.stderr


@pytest.mark.parametrize("mode", MODES)
def test_pauses_come_after_so_many_ios(program: Program, mode: str) -> None:
    outcome = program(
        "run", *NULL, "--runtime=1", "--iodepth=4", "--thinktime=20ms", "--thinktime_blocks=10",
        "--thinktime_spin=1ms", f"--completion={mode}",
    )  # fmt: skip
    (job,) = outcome.document["jobs"]
    assert job["read"]["ios"] <= 13 * (1000 / 20 + 1)  # 10, and those that were in flight
    assert job["read"]["ios"] >= 40
    assert rules_hold(job)


def test_pauses_can_come_by_time(program: Program) -> None:
    """For 0.1 s there is I/O, for 0.1 s there is none."""
    outcome = program("run", *NULL, "--runtime=1", "--thinktime=100ms", "--thinktime_iotime=100ms")
    (job,) = outcome.document["jobs"]
    assert 500 < job["read"]["ios"] < 12_000  # of 20,000 without pauses


def test_a_low_mark_makes_batches(program: Program) -> None:
    def submits(*more: str) -> float:
        outcome = program(
            "run", *NULL, "--number_ios=4000", "--runtime=20", "--iodepth=16", "--null_jitter=0.9",
            "--completion=poll", *more,
        )  # fmt: skip
        (job,) = outcome.document["jobs"]
        ios, calls = job["read"]["ios"], job["counters"]["submit"]["calls"]
        return float(calls / ios)

    assert submits("--iodepth_low=4") == pytest.approx(1 / 12, rel=0.5)
    assert submits() > submits("--iodepth_low=4")


def test_getevents_waits_for_several_and_takes_no_more_than_it_may(program: Program) -> None:
    outcome = program(
        "run", "--size=16m", "--rw=randread", "--iodepth=16", "--number_ios=2000",
        "--completion=getevents", "--iodepth_batch_complete_min=4",
        "--iodepth_batch_complete_max=4", "--json", "--no-save",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    (job,) = outcome.document["jobs"]
    assert job["read"]["ios"] / job["counters"]["other"]["waits"] <= 4
    assert job["read"]["ios"] / job["counters"]["other"]["waits"] > 2


@pytest.mark.parametrize("is_dirty", [False, True])
def test_nowait_counts_what_would_have_waited(program: Program, is_dirty: bool) -> None:
    """Direct reads have to wait for what the page cache has not written yet."""
    path = program.folder / "data"
    with path.open("wb") as file:
        file.write(bytes(1 << 20))
        file.flush()
        if not is_dirty:
            os.fsync(file.fileno())
    outcome = program("run", f"--filename={path}", "--nowait", "--json", "--no-save")
    (job,) = outcome.document["jobs"]
    refused = job["read"]["errors"].get("EAGAIN", 0)
    assert job["read"]["ios"] + refused == 256
    assert (refused > 0) == is_dirty
    assert ("would have waited in the kernel (nowait)" in outcome.stderr) == is_dirty
    assert "I/Os failed" not in outcome.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--thinktime=1ms", "--thinktime_spin=2ms"], "thinktime_spin is a part of thinktime"),
        (["--rate=1m", "--rate_min=2m"], "rate_min is above rate"),
        (["--iodepth=4", "--iodepth_low=8"], "iodepth_low is 8, above iodepth"),
        (["--completion=poll", "--iodepth_batch_complete_min=4"], "need completion=getevents"),
        (["--completion=eventfd", "--iodepth_batch_complete_min=0"], "that is completion=poll"),
        (["--userspace_reap=0"], "write completion="),
        (["--engine=null", "--nowait"], "nowait needs engine=libaio"),
        (["--steadystate=iops:5%"], "steadystate needs a steadystate_duration"),
        (["--steadystate=lat:5%"], "write iops:10%"),
        (["--startdelay=5-1"], "write 5, 500ms, or 5-10"),
        (["--rate=1,2,3,4"], "4 parts"),
        (["--wait_for=other"], "there is no such job"),
    ],
)
def test_what_does_not_fit_is_said_before_the_run(
    program: Program, arguments: list[str], expected: str
) -> None:
    outcome = program("run", *arguments)
    assert outcome.code == 2
    assert expected in outcome.stderr


def test_fio_s_names_of_batches_and_reaping_are_taken(program: Program) -> None:
    outcome = program(
        "run", *NULL, "--runtime=0.1", "--iodepth_batch=8", "--userspace_reap=1",
        "--iodepth_batch_complete=1",
    )  # fmt: skip
    options = outcome.document["jobs"][0]["options"]
    assert (options["max_batch"], options["completion"]) == (8, "poll")
    assert options["iodepth_batch_complete_min"] == 1


@pytest.mark.parametrize("name", [(), ("--name=read_iops",)])
def test_completions_in_batches_mean_their_mode_on_a_command_line_as_in_a_file(
    program: Program, name: tuple[str, ...]
) -> None:
    outcome = program(
        "run", *name, *NULL, "--runtime=0.1", "--iodepth=64", "--iodepth_batch_submit=64",
        "--iodepth_batch_complete_min=16",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    assert outcome.document["jobs"][0]["options"]["completion"] == "getevents"

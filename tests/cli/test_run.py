"""`laiobench run`: the real program, a real file, a real document."""

import json
from pathlib import Path
from typing import Any

import pytest

import laiobench
from laiobench import Job
from program import Program

MODES = ("poll", "eventfd", "bh", "adaptive", "getevents")
REAPERS = {"adaptive": ("poll", "eventfd")}


def read_job(file: Path, *more: str) -> list[str]:
    return [
        "run", f"--filename={file}", "--rw=randread", "--bs=4k", "--number_ios=2000", "--json",
        *more,
    ]  # fmt: skip


def only_job(document: dict[str, Any]) -> dict[str, Any]:
    (job,) = document["jobs"]
    assert isinstance(job, dict)
    return job


@pytest.mark.parametrize("iodepth", [1, 32])
@pytest.mark.parametrize("mode", MODES)
def test_each_mode_proves_itself(
    program: Program, data_file: Path, mode: str, iodepth: int
) -> None:
    outcome = program(*read_job(data_file, f"--completion={mode}", f"--iodepth={iodepth}"))
    assert outcome.code == 0, outcome.stderr
    document = outcome.document
    assert document["status"] == "ok"
    job = only_job(document)
    assert job["proof"]
    assert all(rule["holds"] for rule in job["proof"]), job["proof"]
    reaped = job["counters"]["reaped"]
    assert sum(reaped[reaper] for reaper in REAPERS.get(mode, (mode,))) == 2000
    assert sum(reaped.values()) == 2000
    assert job["counters"]["other"]["in_flight_max"] == iodepth


def test_the_document_adds_up(program: Program, data_file: Path) -> None:
    document = program(*read_job(data_file, "--iodepth=8")).document
    assert (document["schema"], document["kind"]) == (1, "run")
    job = only_job(document)
    read = job["read"]
    assert (read["ios"], read["bytes"]) == (2000, 2000 * 4096)
    assert read["errors"] == {}
    seconds = job["runtime_ns"] / 1e9
    assert read["iops"] == pytest.approx(2000 / seconds)
    assert read["bw_bytes"] == pytest.approx(2000 * 4096 / seconds)
    for kind in ("slat_ns", "clat_ns", "lat_ns"):
        latency = read[kind]
        assert latency["count"] == sum(count for _, count in latency["histogram"]) == 2000
        assert latency["min"] <= latency["percentiles"]["50"] <= latency["percentiles"]["99"]
        assert latency["percentiles"]["99.99"] <= latency["max"]
    assert read["slat_ns"]["mean"] + read["clat_ns"]["mean"] == pytest.approx(
        read["lat_ns"]["mean"]
    )
    assert sum(point["ios"] for point in job["series"]) == 2000
    accounts = job["accounts"]
    assert accounts["submitted"] == accounts["completed"] == 2000
    assert accounts["failed"] == accounts["cancelled"] == 0
    cpu = job["cpu"]
    assert cpu["per_io_ns"] == pytest.approx((cpu["user_ns"] + cpu["system_ns"]) / 2000)
    assert job["options"]["filename"] == str(data_file)
    assert job["options"]["size"] == data_file.stat().st_size


def test_closed_loop_latencies_add_up_to_the_time_that_passed(program: Program) -> None:
    """Little's law: nothing happens outside of some I/O's latency."""
    outcome = program(
        "run", "--engine=null", "--null_latency_us=200", "--iodepth=4", "--number_ios=2000",
        "--json", "--no-save",
    )  # fmt: skip
    job = only_job(outcome.document)
    in_flight = job["read"]["lat_ns"]["mean"] * 2000 / job["runtime_ns"]
    assert in_flight == pytest.approx(4, rel=0.02)


@pytest.mark.parametrize("mode", MODES)
def test_the_null_engine_s_service_time_is_what_is_measured(program: Program, mode: str) -> None:
    outcome = program(
        "run", "--engine=null", "--null_latency_us=500", "--number_ios=300", "--json",
        f"--completion={mode}", "--no-save",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    read = only_job(outcome.document)["read"]
    assert read["clat_ns"]["min"] >= 499_990  # the clock's ticks are rounded
    assert read["ios"] == 300


def test_null_servers_make_a_queue(program: Program) -> None:
    outcome = program(
        "run", "--engine=null", "--null_latency_us=300", "--null_servers=2", "--iodepth=8",
        "--number_ios=800", "--json", "--no-save",
    )  # fmt: skip
    read = only_job(outcome.document)["read"]
    assert read["clat_ns"]["percentiles"]["50"] >= 4 * 300_000 * 0.95  # 8 in flight, 2 served


def test_numjobs_are_threads_with_streams_of_their_own(program: Program, data_file: Path) -> None:
    outcome = program(*read_job(data_file, "--numjobs=4"))
    assert outcome.code == 0, outcome.stderr
    jobs = outcome.document["jobs"]
    assert [job["copy"] for job in jobs] == [0, 1, 2, 3]
    assert len({job["iothreads"][0] for job in jobs}) == 4
    assert all(job["read"]["ios"] == 2000 for job in jobs)


def test_very_deep_queues_work(program: Program, data_file: Path) -> None:
    outcome = program(
        "run", f"--filename={data_file}", "--rw=randread", "--iodepth=4096", "--json",
        "--loops=5", "--number_ios=4000",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    job = only_job(outcome.document)
    assert job["counters"]["other"]["in_flight_max"] == 4096
    assert job["read"]["ios"] == 20000


def test_without_runtime_or_number_the_size_is_done_once(program: Program, data_file: Path) -> None:
    outcome = program(
        "run", f"--filename={data_file}", "--rw=read", "--bs=64k", "--size=8m", "--offset=1m",
        "--loops=2", "--json",
    )  # fmt: skip
    assert only_job(outcome.document)["read"]["ios"] == 2 * 128


def test_runtime_is_an_upper_limit_and_time_based_makes_it_the_length(
    program: Program, data_file: Path
) -> None:
    early = program("run", f"--filename={data_file}", "--size=64k", "--runtime=5", "--json")
    assert only_job(early.document)["read"]["ios"] == 16
    assert "ended_early" in [warning["id"] for warning in early.document["warnings"]]
    whole = program(
        "run", f"--filename={data_file}", "--size=64k", "--runtime=0.5", "--time_based", "--json"
    )
    job = only_job(whole.document)
    assert job["runtime_ns"] >= 500_000_000
    assert job["read"]["ios"] > 16


def test_an_option_without_effect_is_told(program: Program, data_file: Path) -> None:
    outcome = program(
        "run", f"--filename={data_file}", "--number_ios=10", "--null_jitter=0.5", "--no-save"
    )
    assert outcome.code == 0, outcome.stderr
    assert "warning: job: null_jitter has no effect without engine=null" in outcome.stderr


def test_the_ramp_is_run_and_not_measured(program: Program) -> None:
    outcome = program(
        "run", "--engine=null", "--null_latency_us=1000", "--runtime=0.5", "--time_based",
        "--ramp_time=0.5", "--json", "--no-save",
    )  # fmt: skip
    job = only_job(outcome.document)
    assert job["accounts"]["completed"] > 1.8 * job["read"]["ios"] - 50
    assert job["runtime_ns"] > 450_000_000
    assert job["read"]["ios"] <= 520
    assert sum(point["ios"] for point in job["series"]) == job["read"]["ios"]


@pytest.mark.parametrize("mode", MODES)
def test_no_mode_breaks_its_own_proof_at_the_end_of_a_ramp(mode: str) -> None:
    """The window may open between any two steps of a completion."""
    job = Job(
        engine="null", null_latency_us=20, iodepth=2, completion=mode, number_ios=50,
        ramp_time=0.002,
    )  # fmt: skip
    for _ in range(40):
        result = laiobench.run(job)
        assert result.failures == []
        assert result.jobs[0].read.ios == 50


def test_the_scratch_file_is_as_large_for_everybody(program: Program) -> None:
    """Whoever asked for a larger one before changes nothing for those after."""
    inside = Program(program.folder, {**program.environment, "LAIOBENCH_SCRATCH": "."})
    profile = program.folder / "sizes.toml"
    profile.write_text("[global]\nnumber_ios = 1\n[job.a]\nsize = '1m'\n[job.b]\nsize = '8m'\n")
    outcome = inside("run", profile, "--json")
    assert outcome.code == 0, outcome.stderr
    sizes = [job["options"]["size"] for job in outcome.document["jobs"]]
    assert sizes == [1 << 20, 8 << 20]


def test_number_ios_after_a_ramp_is_exact(program: Program) -> None:
    outcome = program(
        "run", "--engine=null", "--null_latency_us=100", "--iodepth=8", "--number_ios=1000",
        "--ramp_time=0.2", "--json", "--no-save",
    )  # fmt: skip
    assert only_job(outcome.document)["read"]["ios"] == 1000


@pytest.mark.strace
def test_stonewalled_groups_run_one_after_the_other(program: Program, tmp_path: Path) -> None:
    profile = tmp_path / "two.toml"
    profile.write_text(
        '[global]\nengine = "null"\nnumber_ios = 10\n[job.a]\n[job.b]\n[job.c]\nstonewall = true\n'
    )
    outcome = program(
        "run", profile, "--json", prefix=("strace", "-f", "-e", "trace=prctl", "-o", "log")
    )
    jobs = outcome.document["jobs"]
    assert [(job["name"], job["group"]) for job in jobs] == [("a", 0), ("b", 0), ("c", 1)]
    log = program.folder.joinpath("log").read_text()
    first_ends = log.index("+++ exited")  # of a thread of the first group
    assert log.index('PR_SET_NAME, "iothread1"') < first_ends < log.index('"iothread2"')


def test_mixed_directions_are_recorded_apart(program: Program, data_file: Path) -> None:
    outcome = program(
        "run", f"--filename={data_file}", "--rw=randrw", "--rwmixread=70", "--number_ios=4000",
        "--iodepth=4", f"--allow-write={data_file}", "--json",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    job = only_job(outcome.document)
    assert job["read"]["ios"] + job["write"]["ios"] == 4000
    assert 0.65 < job["read"]["ios"] / 4000 < 0.75


def test_the_table_is_for_people(program: Program, data_file: Path) -> None:
    arguments = [word for word in read_job(data_file) if word != "--json"]
    outcome = program(*arguments)
    assert outcome.code == 0
    for word in ("IOPS", "p99.9", "io_submit", "proof: all 6 rules hold"):
        assert word in outcome.stdout
    assert "saved in results/" in outcome.stderr


def test_progress_is_for_terminals_only(program: Program, data_file: Path) -> None:
    outcome = program(*read_job(data_file))
    assert "\r" not in outcome.stderr
    json.loads(outcome.stdout)


def test_a_job_of_flags_needs_no_profile_and_flags_go_over_one(program: Program) -> None:
    job = only_job(
        program(
            "run", "randread-4k-qd32", "--engine=null", "--number_ios=50", "--iodepth=3",
            "--time_based=0", "--ramp-time", "0", "--json", "--no-save",
        ).document
    )  # fmt: skip
    assert (job["name"], job["options"]["iodepth"], job["read"]["ios"]) == (
        "randread-4k-qd32", 3, 50
    )  # fmt: skip


def test_the_environment_is_a_layer(program: Program) -> None:
    inside = Program(program.folder, {**program.environment, "LAIOBENCH_IODEPTH": "5"})
    job = only_job(
        inside("run", "--engine=null", "--number_ios=50", "--json", "--no-save").document
    )
    assert job["options"]["iodepth"] == 5


def test_the_scratch_file_is_the_default_and_may_be_written(program: Program) -> None:
    outcome = program(
        "run", "--rw=randwrite", "--size=4m", "--number_ios=200", "--iodepth=4", "--json"
    )
    assert outcome.code == 0, outcome.stderr
    job = only_job(outcome.document)
    assert job["target"].endswith("laiobench-scratch.dat")
    assert job["write"]["ios"] == 200
    status = Path(job["target"]).stat()
    assert status.st_blocks * 512 >= status.st_size  # no holes


def test_percentiles_of_too_few_ios_are_set_apart_with_how_many_they_need(program: Program) -> None:
    few = program("run", "--engine=null", "--number_ios=1").stdout
    assert few.count("(…)") == 1
    row = next(line for line in few.splitlines() if line.startswith("job    read"))
    assert row.count("(") == 3
    assert "p50 needs 200, p99 needs 10,000, p99.9 needs 100,000" in few
    some = program("run", "--engine=null", "--number_ios=20000").stdout
    row = next(line for line in some.splitlines() if line.startswith("job    read"))
    assert row.count("(") == 1
    assert "(…) of too few I/Os to be relied on: p99.9 needs 100,000" in some
    assert "(…)" not in program("run", "--engine=null", "--number_ios=100000").stdout

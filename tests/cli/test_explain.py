"""`laiobench explain` tells what a run would do, and does nothing."""

import re
from pathlib import Path
from typing import Any

import pytest

from program import Program

JOBS = """
[global]
bs=4kib
thread
rw=randwrite
[a]
numjobs=2
iodepth=16
[b]
stonewall
rw=randread
engine=threads
number_ios=100
"""


@pytest.fixture
def job_file(tmp_path: Path) -> Path:
    path = tmp_path / "jobs.fio"
    path.write_text(JOBS)
    return path


def explained(program: Program, *arguments: str | Path, code: int = 0) -> dict[str, Any]:
    outcome = program("explain", *arguments, "--json")
    assert outcome.code == code, outcome.stderr
    return outcome.document


def test_every_option_is_told_with_where_it_came_from(
    program: Program, job_file: Path, data_file: Path
) -> None:
    inside = Program(program.folder, {**program.environment, "LAIOBENCH_RUNTIME": "2m"})
    found = explained(inside, job_file, f"--filename={data_file}", "--iodepth=8")
    a, b = (job["options"] for job in found["jobs"])
    assert a["bs"] == {"value": 4096, "origin": f"{job_file}:3", "written": "bs=4kib"}
    assert a["iodepth"] == {"value": 8, "origin": "--iodepth", "written": "iodepth=8"}
    assert a["runtime"]["origin"] == "LAIOBENCH_RUNTIME"
    assert b["stonewall"] == {"value": True, "origin": f"{job_file}:10", "written": "stonewall"}
    assert b["loops"] == {"value": 1, "origin": "default", "written": ""}
    assert found["notes"] == [f"{job_file}:4: thread: every job is a thread here"]


def test_the_plan_has_groups_threads_depth_memory_and_aio_slots(
    program: Program, job_file: Path, data_file: Path
) -> None:
    plan = explained(program, job_file, f"--filename={data_file}")["plan"]
    first, second = plan["groups"]
    assert [thread["jobs"] for thread in first["iothreads"]] == [["a 1/2"], ["a 2/2"]]
    assert (first["iodepth"], first["buffer_bytes"], first["aio_slots"]) == (32, 32 * 4096, 32)
    assert (second["iodepth"], second["aio_slots"]) == (1, 0)
    assert plan["aio_slots"]["needed"] == 32
    assert plan["aio_slots"]["limit"] == int(Path("/proc/sys/fs/aio-max-nr").read_text())


def test_what_would_be_written_is_told_and_who_must_allow_it(
    program: Program, job_file: Path, data_file: Path
) -> None:
    sized = (job_file, f"--filename={data_file}", "--size=1m", "--offset=64k", "--loops=2")
    writes = explained(program, *sized)["writes"]
    assert [write["job"] for write in writes] == ["a 1/2", "a 2/2"]
    assert writes[0] | {"job": ""} == {
        "job": "",
        "target": str(data_file),
        "start_byte": 64 << 10,
        "end_byte": (64 << 10) + (1 << 20),
        "most_bytes": 2 << 20,
        "needs_allow_write": True,
    }
    allowed = explained(program, *sized, f"--allow-write={data_file}")["writes"]
    assert not any(write["needs_allow_write"] for write in allowed)
    unlimited = explained(program, *sized, "--time_based", "--runtime=1")["writes"]
    assert unlimited[0]["most_bytes"] is None


def test_what_fio_reads_otherwise_is_told(
    program: Program, job_file: Path, data_file: Path
) -> None:
    differences = explained(program, job_file, f"--filename={data_file}")["differences"]
    assert differences[0] == {
        "where": f"{job_file}:3: bs=4kib",
        "fio": "fio reads 4,000 bytes for 4kib",
        "here": "bs=4096",
    }
    assert "a, b: no direct" in [difference["where"] for difference in differences]


def test_nothing_is_done(program: Program, job_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "scratch"
    inside = Program(program.folder, {**program.environment, "LAIOBENCH_SCRATCH": str(folder)})
    found = explained(inside, job_file)
    assert found["scratch"] == [{"path": str(folder / "laiobench-scratch.dat"), "bytes": 256 << 20}]
    assert not folder.exists()


@pytest.mark.strace
def test_no_file_is_opened_for_writing(
    program: Program, job_file: Path, data_file: Path, tmp_path: Path
) -> None:
    trace = tmp_path / "trace"
    outcome = program(
        "explain", job_file, f"--filename={data_file}",
        prefix=("strace", "-f", "-o", str(trace), "-e", "trace=open,openat,creat,io_submit"),
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    calls = trace.read_text()
    assert str(data_file) in calls
    to_write = [line for line in calls.splitlines() if re.search(r"O_WRONLY|O_RDWR|O_CREAT", line)]
    assert [line for line in to_write if "__pycache__" not in line] == []


def test_all_that_would_keep_a_run_from_beginning_is_told_and_the_rest_explained(
    program: Program, job_file: Path, data_file: Path
) -> None:
    job_file.write_text(
        f"[a]\nfilename=/nowhere\n[b]\nfilename={data_file}\nsize=1g\n[c]\nfilename={data_file}\n"
    )
    found = explained(program, job_file, code=1)
    problems = [problem["problem"] for problem in found["problems"]]
    assert [problem.split()[0] for problem in problems] == ["/nowhere", "offset"]
    assert [read["job"] for read in found["reads"]] == ["a", "c"]


def test_a_job_that_would_write_where_another_verifies_is_a_problem(
    program: Program, data_file: Path
) -> None:
    arguments = (
        "--rw=write", f"--filename={data_file}", "--numjobs=2", "--verify=crc32c",
        f"--allow-write={data_file}",
    )  # fmt: skip
    problems = explained(program, *arguments, code=2)["problems"]
    assert "writes to the same part" in problems[0]["problem"]
    assert problems[0]["problem"] in program("run", *arguments).stderr


def test_a_command_line_of_run_is_explained_as_it_is(
    program: Program, job_file: Path, data_file: Path
) -> None:
    outcome = program(
        "explain", job_file, f"--filename={data_file}", f"--allow-write={data_file}", "--section=a",
        "--yes", "--force-signature", "--hang-timeout=5", "--status-interval=1", "-q", "--no-save",
    )  # fmt: skip
    assert outcome.code == 0, outcome.stderr
    runs, explains = program("run", "--help").stdout, program("explain", "--help").stdout
    assert set(re.findall(r"--[a-z][a-z-]+", runs)) <= set(re.findall(r"--[a-z][a-z-]+", explains))


def test_logs_states_and_the_result_are_listed_and_those_that_a_run_writes(
    program: Program, data_file: Path
) -> None:
    arguments = (
        "--name=a b", f"--filename={data_file}", "--rw=write", "--bs=4k", "--size=64k",
        "--numjobs=2", "--offset_increment=64k", "--verify=crc32c", "--verify_state_save=1",
        "--write_bw_log", "--write_lat_log=x", "--log_avg_msec=50", f"--allow-write={data_file}",
        "--output=r.json",
    )  # fmt: skip
    files = explained(program, *arguments)["files"]
    assert {"a_b-0-verify.state", "x_clat.2.log", "r.json"} < set(files)
    assert program("run", *arguments).code == 0
    assert sorted(path.name for path in program.folder.iterdir()) == sorted(files)


def test_readonly_is_a_problem_where_a_job_writes(
    program: Program, job_file: Path, data_file: Path
) -> None:
    arguments = (job_file, f"--filename={data_file}", "--readonly")
    problems = explained(program, *arguments, code=2)["problems"]
    assert "forbidden by --readonly" in problems[0]["problem"]
    assert problems[0]["problem"] in program("run", *arguments).stderr
    assert explained(program, *arguments, "--rw=randread")["problems"] == []


def test_a_file_that_is_wrong_is_answered_as_by_run(program: Program, job_file: Path) -> None:
    job_file.write_text("[a]\niodpeth=3\nread_iolog=x\n")
    run, explain = program("run", job_file), program("explain", job_file)
    assert (explain.code, explain.stderr) == (2, run.stderr)


def test_for_people_it_is_a_page(program: Program, job_file: Path, data_file: Path) -> None:
    outcome = program("explain", job_file, f"--filename={data_file}")
    for line in (
        "  at once: 2 IOThreads, 32 I/Os in flight, 128 KiB of buffers",
        "  when all above have finished: 1 IOThread, 1 I/O in flight, 4 KiB of buffers",
        f"  b: {data_file}, bytes 0 to 16,777,216, at most 400 KiB",
    ):
        assert line in outcome.stdout.splitlines()
    assert f"needs --allow-write={data_file}" in outcome.stdout

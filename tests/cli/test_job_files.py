"""Job files, standard input and several jobs on a command line, as a user runs them."""

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from program import Program

NULL = ("--engine=null", "--number_ios=10")


def document(program: Program, *arguments: str | Path, stdin: str = "") -> dict[str, Any]:
    outcome = program("run", *arguments, "--no-save", "--json", stdin=stdin)
    assert outcome.code == 0, outcome.stderr
    return outcome.document


def job_file(folder: Path, text: str, name: str = "jobs.fio") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def told(jobs: list[dict[str, Any]], *names: str) -> list[tuple[object, ...]]:
    return [tuple(job["options"][name] for name in names) for job in jobs]


def test_flags_go_over_a_job_file_in_either_spelling(program: Program, tmp_path: Path) -> None:
    path = job_file(tmp_path, "[global]\nbs=8k\nthread\n[a]\niodepth=4\n[b]\nstonewall\n")
    found = document(program, path, *NULL, "--iodepth", "2", "--ramp-time=0")
    assert told(found["jobs"], "name", "bs", "iodepth") == [("a", 8192, 2), ("b", 8192, 2)]
    assert [job["group"] for job in found["jobs"]] == [0, 1]
    assert found["notes"] == [f"{path}:3: thread: every job is a thread here"]


def test_a_wrong_setting_is_mended_by_a_flag(program: Program, tmp_path: Path) -> None:
    path = job_file(tmp_path, "[a]\nioengine=rbd\n")
    assert document(program, path, "--number_ios=10", "--ioengine=null")["status"] == "ok"


def test_each_name_begins_a_job_and_what_is_before_is_for_all(program: Program) -> None:
    found = document(program, *NULL, "--bs=8k", "--name=a", "--name=b", "--bs=16k", "--stonewall")
    assert told(found["jobs"], "name", "bs") == [("a", 8192), ("b", 16384)]
    assert [job["group"] for job in found["jobs"]] == [0, 1]


def test_several_sources_run_one_after_the_other(program: Program, tmp_path: Path) -> None:
    first = job_file(tmp_path, "[a]\n[b]\n", "first.fio")
    second = job_file(tmp_path, "[job.c]\n[job.d]\n", "second.toml")
    found = document(program, first, second, *NULL, "--name=e")
    assert told(found["jobs"], "name") == [("a",), ("b",), ("c",), ("d",), ("e",)]
    assert [job["group"] for job in found["jobs"]] == [0, 0, 1, 1, 2]


@pytest.mark.parametrize("text", ["[a]\nbs=8k\n[b]\n", "[job.a]\nbs = '8k'\n[job.b]\n"])
def test_standard_input_is_read_in_either_grammar(program: Program, text: str) -> None:
    found = document(program, "-", *NULL, "--section=a", stdin=text)
    assert told(found["jobs"], "name", "bs") == [("a", 8192)]


def test_without_a_filename_the_scratch_file_is_in_the_directory(
    program: Program, tmp_path: Path
) -> None:
    path = job_file(tmp_path, f"[a]\ndirectory={tmp_path}\nsize=64k\nrw=randwrite\nnumber_ios=10\n")
    found = document(program, path)
    scratch = tmp_path / "laiobench-scratch.dat"
    assert [job["target"] for job in found["jobs"]] == [str(scratch)]
    named = document(program, path, f"--filename={scratch.name}", f"--allow-write={scratch}")
    assert [job["target"] for job in named["jobs"]] == [str(scratch)]
    scratch.unlink()
    missing = program("run", path, "--directory=nowhere")
    assert (missing.code, "the directory nowhere is not there" in missing.stderr) == (1, True)


def test_what_fio_would_read_otherwise_is_noted_by_run(program: Program, data_file: Path) -> None:
    named = ("--name=a", f"--filename={data_file}", "--number_ios=1", "--engine=libaio")
    assert document(program, *named)["notes"] == [
        "a: no direct: fio's default is 0: through the page cache; here direct=1"
    ]
    assert document(program, *named, "--direct=1")["notes"] == []
    assert document(program, *named[1:])["notes"] == []  # no word of fio's job


def test_a_file_is_as_large_as_filesize_says_and_size_is_how_much_is_done(
    program: Program, tmp_path: Path
) -> None:
    path = job_file(tmp_path, "[a]\nfilename=made\nfilesize=1Mi\nsize=64Ki\nrw=randread\n")
    (job,) = document(program, path)["jobs"]
    assert (tmp_path / "made").stat().st_size == 1 << 20
    assert job["read"]["ios"] == 16
    (write,) = program("explain", path, "--rw=randwrite", "--json").document["writes"]
    assert (write["start_byte"], write["end_byte"], write["most_bytes"]) == (0, 1 << 20, 64 << 10)


def test_a_target_that_is_smaller_than_filesize_is_told(program: Program, data_file: Path) -> None:
    outcome = program("run", f"--filename={data_file}", "--filesize=1t", "--size=4k")
    assert outcome.code == 1
    assert f"filesize={1 << 40} goes beyond {data_file}, which has" in outcome.stderr
    assert f"filesize can be up to {data_file.stat().st_size} bytes" in outcome.stderr


def test_create_only_makes_the_file_and_runs_nothing(program: Program, tmp_path: Path) -> None:
    path = job_file(tmp_path, "[a]\nfilename=made\nsize=64k\nrw=randwrite\ncreate_only=1\n")
    found = document(program, path)
    assert (tmp_path / "made").stat().st_size == 64 << 10
    assert (found["status"], found["jobs"]) == ("ok", [])
    assert found["notes"][0] == (
        f"{path}:5: create_only=1: its file is made, if it is not there, and the job is not run"
    )
    (tmp_path / "theirs").write_bytes(bytes(64 << 10))
    assert program("run", path, "--filename=theirs").code == 0  # nothing to allow
    assert (tmp_path / "theirs").read_bytes() == bytes(64 << 10)
    others = document(program, path, *NULL, "--name=b", "--engine=null")
    assert told(others["jobs"], "name") == [("b",)]


@pytest.mark.parametrize("command", [("ab", "--vary=iodepth=1,2", "--pairs=2"), ("calibrate",)])
def test_jobs_that_only_make_their_files_are_nothing_to_compare(
    program: Program, command: tuple[str, ...]
) -> None:
    outcome = program(*command, "--filename=made", "--size=4k", "--create_only=1")
    assert outcome.code == 2
    assert "all jobs only make their files (create_only=1)" in outcome.stderr
    assert not (program.folder / "made").exists()


# ---- what a group of jobs shares --------------------------------------------------------


def test_a_group_is_reported_as_one_with_the_percentiles_of_all(program: Program) -> None:
    jobs = ("--name=a", "--numjobs=2", "--name=b", "--stonewall", "--name=c", "--null_latency_us=9")
    grouped = program("run", *NULL, "--group_reporting", *jobs, "--no-save", "-q")
    rows = [line.split("  ")[0] for line in grouped.stdout.splitlines()[2:4]]
    assert rows == ["a (2 jobs)", "b, c (2 jobs)"]
    apart = document(program, *NULL, "--group_reporting", *jobs)
    assert told(apart["jobs"], "name") == [("a",), ("a",), ("b",), ("c",)]


def test_percentiles_asked_for_are_in_the_document(program: Program) -> None:
    found = document(program, *NULL, "--percentile_list=12.5:99.9999")
    percentiles = found["jobs"][0]["read"]["lat_ns"]["percentiles"]
    assert {"12.5", "50", "100"} - percentiles.keys() == {"100"}
    assert "99.9999" in percentiles


def test_the_thread_of_a_job_has_its_nice_value_and_its_own_cpu(program: Program) -> None:
    cpus = sorted(os.sched_getaffinity(0))
    running = program.start(
        "run", "--engine=null", "--time_based", "--runtime=10", "--no-save", "--numjobs=2",
        "--nice=7", f"--cpus_allowed={','.join(map(str, cpus))}", "--cpus_allowed_policy=split",
    )  # fmt: skip
    try:
        found = poll_for_threads(running.pid, nice=7, count=2)
    finally:
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=30)
    assert found == [{cpus[0]}, {cpus[1 % len(cpus)]}]


def poll_for_threads(pid: int, *, nice: int, count: int) -> list[set[int]]:
    """The CPUs of a process's threads with this nice value, when there are so many."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            threads = sorted(int(entry.name) for entry in Path(f"/proc/{pid}/task").iterdir())
            found = [os.sched_getaffinity(tid) for tid in threads if nice_of(pid, tid) == nice]
            if len(found) == count:
                return found
        time.sleep(0.02)
    raise AssertionError(f"there were no {count} threads of nice value {nice}")


def nice_of(pid: int, tid: int) -> int:
    fields = Path(f"/proc/{pid}/task/{tid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[16])

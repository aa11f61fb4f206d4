"""Limits of the system: where threads, calls, CPUs or memory are refused, the error says which."""

import json
import os
import re
from pathlib import Path

import pytest

from faults.control_groups import joining, one_cpu
from faults.system_calls import without
from laiobench.system.aio_events import aio_room
from program import Program

NULL = ("--engine=null", "--number_ios=100", "--no-save", "--json")

# A bit for each 512 bytes of it: 4 GiB.
LARGE_MAP = (
    "--engine=null", "--rw=randread", "--size=16t", "--bssplit=512/50:4k/50", "--number_ios=10",
)  # fmt: skip


@pytest.mark.strace
@pytest.mark.parametrize("number", [1, 2])
def test_a_thread_that_cannot_be_started_is_told_whose_ever_it_is(
    program: Program, number: int
) -> None:
    """The watcher's, which Python starts; and an IOThread's."""
    outcome = program(
        "run", *NULL,
        prefix=("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=clone3,clone",
                "-e", f"inject=clone3,clone:error=EAGAIN:when={number}"),
    )  # fmt: skip
    assert outcome.code == 1
    assert "the thread could not be started (pthread_create: EAGAIN" in outcome.stderr
    assert "raise the limit of processes (ulimit -u)" in outcome.stderr


@pytest.mark.strace
def test_a_pool_without_a_thread_is_told_before_anything_is_measured(program: Program) -> None:
    outcome = program(
        "run", "--engine=threads", "--iothread=main", "--size=1m", "--hang-timeout=0", "--no-save",
        prefix=("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=clone3,clone",
                "-e", "inject=clone3,clone:error=EAGAIN:when=1+"),
    )  # fmt: skip
    assert outcome.code == 1
    assert "the thread could not be started (pthread_create: EAGAIN" in outcome.stderr
    assert "I/Os failed" not in outcome.stderr


@pytest.mark.cgroup
@pytest.mark.root
def test_a_cpu_that_a_cpuset_leaves_out_is_not_silently_dropped(program: Program) -> None:
    with one_cpu(0) as group:
        refused = program("run", *NULL, "--cpus_allowed=0,1", prefix=joining(group))
        told = program("explain", *NULL[:2], "--cpus_allowed=0,1", prefix=joining(group))
        assert program("run", *NULL, "--cpus_allowed=0", prefix=joining(group)).code == 0
    assert refused.code == 2
    assert "names CPUs that this process may not run on: 1 (its cpuset" in refused.stderr
    assert "it may run on these: 0" in refused.stderr
    assert "may not run on: 1" in told.stdout + told.stderr


def measuring_thread(pid: int) -> int | None:
    """The IOThread of that process, once it has slept for many I/Os."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        if task.joinpath("comm").read_text() == "iothread0\n":
            status = task.joinpath("status").read_text()
            slept = re.search(r"^voluntary_ctxt_switches:\s*(\d+)", status, re.MULTILINE)
            if slept and int(slept[1]) > 100:
                return int(task.name)
    return None


def test_a_thread_that_is_taken_off_its_cpu_is_told(program: Program) -> None:
    """As when a CPU goes offline: the kernel lets its threads run on any other."""
    running = program.start(
        "run", "--engine=null", "--runtime=2", "--time_based", "--cpus_allowed=0",
        "--completion=eventfd", "--null_latency_us=1000", "--json", "--no-save",
    )  # fmt: skip
    while (thread := measuring_thread(running.pid)) is None:
        assert running.poll() is None, running.communicate()
    os.sched_setaffinity(thread, {0, 1})
    stdout, stderr = running.communicate(timeout=60)
    assert running.returncode == 0, stderr
    assert "cpus_changed" in [warning["id"] for warning in json.loads(stdout)["warnings"]]
    stays = program("run", *NULL, "--cpus_allowed=0").document
    assert "cpus_changed" not in [warning["id"] for warning in stays["warnings"]]


@pytest.mark.parametrize("call", ["io_setup", "eventfd2"])
def test_a_call_that_a_sandbox_forbids_is_no_question_of_depths(
    program: Program, data_file: Path, call: str
) -> None:
    outcome = program(
        "run", f"--filename={data_file}", "--number_ios=10", "--completion=eventfd", "--no-save",
        prefix=without(f"{call}=EPERM"),
    )  # fmt: skip
    assert outcome.code == 1
    assert f"{call} is forbidden here (EPERM" in outcome.stderr
    assert "seccomp" in outcome.stderr
    assert "lower iodepth" not in outcome.stderr


def test_explain_tells_what_a_random_map_takes(program: Program) -> None:
    told = program("explain", *LARGE_MAP)
    assert "4.06 GiB of random maps" in told.stdout
    (group,) = program("explain", *LARGE_MAP, "--json").document["plan"]["groups"]
    assert group["map_bytes"] > 4 << 30
    (group,) = program("explain", *LARGE_MAP, "--norandommap", "--json").document["plan"]["groups"]
    assert group["map_bytes"] == 0


def test_explain_tells_what_is_kept_to_verify_by(program: Program) -> None:
    job = ("--filename=data", "--size=1g", "--rw=randwrite", "--verify=crc32c")
    (group,) = program("explain", *job, "--json").document["plan"]["groups"]
    assert group["verify_bytes"] == 4 * (1 << 30) // 4096


def test_a_random_map_without_memory_is_told_with_what_makes_it_smaller(program: Program) -> None:
    outcome = program("run", *LARGE_MAP, "--no-save", prefix=("prlimit", "--as=3000000000"))
    assert outcome.code == 1
    assert "no memory for the random map, 4.06 GiB of it (ENOMEM" in outcome.stderr
    assert "norandommap=1 needs none" in outcome.stderr
    assert "lower iodepth" not in outcome.stderr


TOO_MUCH = {
    "AIO events": (
        "--iodepth=65536", f"--numjobs={aio_room().limit // 65536 + 1}", "--bs=512", "--size=1m",
    ),
    "random map": LARGE_MAP,
    "keep what was written": ("--filename=sparse.bin", "--size=4t", "--verify=crc32c"),
    "no memory for": ("--iodepth=64", "--bs=64m", "--size=64m"),
}  # fmt: skip


@pytest.mark.parametrize("told", TOO_MUCH)
def test_too_little_of_anything_is_found_before_files_are_filled(
    program: Program, told: str
) -> None:
    """To write them may take hours."""
    with (program.folder / "sparse.bin").open("wb") as sparse:
        sparse.truncate(4 << 40)
    outcome = program(
        "run", "--name=first", "--filename=new.bin", "--size=1m", "--number_ios=1",
        "--name=second", "--stonewall", "--number_ios=1", *TOO_MUCH[told], "--no-save",
        prefix=("prlimit", "--as=3000000000"),
    )  # fmt: skip
    assert outcome.code == 1, outcome.stdout
    assert told in outcome.stderr
    assert "writing" not in outcome.stderr
    assert not (program.folder / "new.bin").exists()


@pytest.mark.parametrize(
    "limit",
    ["--as=150000000", "--data=12000000", "--data=16777216", "--data=30000000", "--as=400000000"],
)
def test_limits_of_memory_are_no_fault_of_ours(program: Program, limit: str) -> None:
    outcome = program("run", *NULL, "--iodepth=64", "--bs=8m", prefix=("prlimit", limit))
    assert outcome.code == 1
    assert "a fault in laiobench itself" not in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert "memory" in outcome.stderr


@pytest.mark.parametrize("mebibytes", [40, 60, 105, 120, 180])
def test_little_memory_is_told_where_numbers_are_compared(program: Program, mebibytes: int) -> None:
    """numpy's and scipy's library ends the program or asks for its buffers for ever."""
    outcome = program(
        "ab", "--engine=null", "--number_ios=100", "--vary=iodepth=1,2", "--pairs=2",
        prefix=("prlimit", f"--data={mebibytes << 20}"),
    )  # fmt: skip
    assert outcome.code == 1
    assert "there is not enough memory to go on" in outcome.stderr
    assert "OpenBLAS" not in outcome.stderr


def test_commands_around_trials_do_not_inherit_how_we_import(program: Program) -> None:
    command = "--prepare=echo ${OPENBLAS_NUM_THREADS-unset} >> seen"
    comparison = ("--engine=null", "--number_ios=100", "--vary=iodepth=1,2", "--pairs=1")
    assert program("ab", *comparison, command).code == 0
    assert set((program.folder / "seen").read_text().split()) == {"unset"}


HIDING_PROC = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh")


@pytest.mark.root
@pytest.mark.parametrize("scratch", ["there", "not there"])
def test_without_proc_it_is_told_that_it_is_missing(program: Program, scratch: str) -> None:
    program = Program(
        program.folder, {**program.environment, "LAIOBENCH_SCRATCH": str(program.folder / "kept")}
    )
    if scratch == "there":
        assert program("run", "--size=4k", "--no-save").code == 0
    outcome = program("run", "--size=4k", "--no-save", prefix=HIDING_PROC)
    assert "a fault in laiobench itself" not in outcome.stderr
    assert outcome.code == 0 or "/proc" in outcome.stderr


@pytest.mark.root
def test_what_needs_no_target_needs_no_proc(program: Program) -> None:
    """Facts of the machine that are only there are missing, and the result is not."""
    outcome = program("run", "--engine=null", "--number_ios=100", "--json", prefix=HIDING_PROC)
    assert outcome.code == 0, outcome.stderr
    assert program("show", "last", "--json").document == outcome.document
    machine = outcome.document["machine"]
    assert (machine["boot_id"], machine["virtualisation"], machine["aio_max_nr"]) == ("", "", None)
    assert machine["memory_bytes"] > 0

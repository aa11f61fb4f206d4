"""engine=io_uring: each kind of I/O in each mode, its options, and what it leaves to others."""

import os
from pathlib import Path
from typing import Any

import pytest

from faults.system_calls import without
from program import Program

URING = ("--engine=io_uring", "--iodepth=8", "--no-save")
MODES = ("poll", "eventfd", "bh", "adaptive", "getevents")


def run(program: Program, file: Path, *options: str) -> dict[str, Any]:
    """The only job of a run that is as it should be."""
    outcome = program("run", *URING, f"--filename={file}", "--json", *options)
    document = outcome.document
    assert document["status"] == "ok", document["failures"]
    (job,) = document["jobs"]
    assert all(rule["holds"] for rule in job["proof"])
    result: dict[str, Any] = job
    return result


@pytest.fixture
def own_file(tmp_path: Path) -> Path:
    """4 MiB on disk, to be written to."""
    path = tmp_path / "own"
    with path.open("wb") as file:
        file.write(bytes(range(256)) * (1 << 14))
        os.fsync(file.fileno())
    return path


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("options", "direction"),
    [
        (("--rw=randread",), "read"),
        (("--rw=randread", "--direct=0"), "read"),
        (("--rw=randwrite", "--fsync=16"), "sync"),
        (("--rw=randwrite", "--fdatasync=1", "--iodepth=1"), "sync"),
        (("--rw=randtrim",), "trim"),
        (("--rw=randwrite", "--verify=crc32c"), "write"),
    ],
)
def test_each_mode_does_each_kind_of_io(
    program: Program, own_file: Path, mode: str, options: tuple[str, ...], direction: str
) -> None:
    job = run(
        program, own_file, *options, f"--completion={mode}", "--number_ios=200",
        f"--allow-write={own_file}",
    )  # fmt: skip
    assert job[direction]["ios"] > 0
    assert job[direction]["errors"] == {}


@pytest.mark.parametrize(
    ("mode", "flag", "has"),
    [
        ("poll", "COOP_TASKRUN", False),
        ("adaptive", "COOP_TASKRUN", False),
        ("eventfd", "DEFER_TASKRUN", False),
        ("getevents", "DEFER_TASKRUN", True),
    ],
)
def test_its_flags_suit_the_mode_and_are_told(
    program: Program, data_file: Path, mode: str, flag: str, has: bool
) -> None:
    job = run(program, data_file, "--rw=read", f"--completion={mode}", "--number_ios=20")
    (worker,) = job["workers"]
    told = worker["engine_flags"] + worker["engine_flags_refused"]
    assert (flag in told) == has
    assert "SINGLE_ISSUER" in told


def test_looking_needs_no_call(program: Program, data_file: Path) -> None:
    job = run(program, data_file, "--rw=randread", "--completion=poll", "--number_ios=300")
    assert job["counters"]["other"]["waits"] == 0


@pytest.mark.parametrize(
    "options",
    [
        ("--fixedbufs",),
        ("--registerfiles",),
        ("--fixedbufs", "--registerfiles", "--bssplit=512/50:16k/50"),
        ("--nonvectored=0",),
        ("--direct=0", "--uncached"),
        ("--sqthread_poll",),
        ("--sqthread_poll", "--completion=eventfd"),
        ("--sqthread_poll", "--fixedbufs", "--registerfiles", "--completion=getevents"),
    ],
)
def test_its_options_read_the_same(
    program: Program, data_file: Path, options: tuple[str, ...]
) -> None:
    assert run(program, data_file, "--rw=randread", "--number_ios=200", *options)["read"]["ios"]


def test_the_thread_that_submits_is_paid_for(program: Program, data_file: Path) -> None:
    job = run(program, data_file, "--rw=randread", "--number_ios=500", "--sqthread_poll")
    poller_ns = job["counters"]["other"]["kernel_poller_ns"]
    assert 0 < poller_ns <= job["cpu"]["user_ns"] + job["cpu"]["system_ns"]


@pytest.mark.root
def test_punted_ios_are_told_and_paid_for(program: Program, zram: str) -> None:
    """zram has nothing that could be started without waiting: all of its I/Os are punted."""
    outcome = program(
        "run", *URING, f"--filename={zram}", "--json", "--rw=randread", "--number_ios=5000"
    )
    (job,) = outcome.document["jobs"]
    told = {warning["id"]: warning["seen"] for warning in outcome.document["warnings"]}
    workers_ns = job["counters"]["other"]["kernel_workers_ns"]
    assert "punted to io_uring's worker threads" in told["punted"]
    assert 0 < workers_ns <= job["cpu"]["user_ns"] + job["cpu"]["system_ns"]


@pytest.mark.root
@pytest.mark.parametrize("prefix", [(), ("unshare", "--pid", "--fork", "--mount-proc")])
@pytest.mark.parametrize("options", [(), ("--sqthread_poll",)])
def test_workers_are_found_with_a_poller_and_in_a_container(
    program: Program, own_file: Path, prefix: tuple[str, ...], options: tuple[str, ...]
) -> None:
    """Each sync goes to a worker, which is named after the poller, by a number of the host's."""
    outcome = program(
        "run", *URING, f"--filename={own_file}", "--json", "--rw=randwrite", "--fsync=1",
        "--number_ios=200", f"--allow-write={own_file}", *options, prefix=prefix,
    )  # fmt: skip
    (job,) = outcome.document["jobs"]
    other = job["counters"]["other"]
    assert other["kernel_workers_ns"] > 0
    assert (other["kernel_poller_ns"] > 0) == bool(options)


def test_nothing_is_told_of_workers_where_there_are_none(program: Program, data_file: Path) -> None:
    outcome = program(
        "run", *URING, f"--filename={data_file}", "--json", "--rw=randread", "--number_ios=300"
    )
    assert "punted" not in {warning["id"] for warning in outcome.document["warnings"]}


def test_threads_share_nothing_and_jobs_move(program: Program, data_file: Path) -> None:
    outcome = program(
        "run", *URING, f"--filename={data_file}", "--json", "--rw=randread", "--number_ios=300",
        "--numjobs=2", "--iothread=a,b", "--iothread_move_every=50", "--fixedbufs",
        "--registerfiles", "--completion=getevents",
    )  # fmt: skip
    assert outcome.document["status"] == "ok", outcome.document["failures"]
    assert [job["read"]["ios"] for job in outcome.document["jobs"]] == [300, 300]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--hipri", "--direct=0"), "hipri needs direct=1"),
        (("--hipri", "--completion=eventfd"), "would sleep for ever"),
        (("--uncached",), "uncached needs direct=0"),
    ],
)
def test_what_contradicts_itself_is_refused(
    program: Program, data_file: Path, options: tuple[str, ...], told: str
) -> None:
    outcome = program("run", *URING, f"--filename={data_file}", "--rw=read", *options)
    assert outcome.code == 2
    assert told in outcome.stderr


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("ENOSYS", "this kernel has no io_uring, or a sandbox forbids it (io_uring_setup: ENOSYS)"),
        ("EPERM", "io_uring_setup is forbidden here (EPERM)"),
        ("ENOMEM", "no more may be locked (io_uring_setup: ENOMEM)"),
        ("EINVAL", "the kernel does not take these options of io_uring"),
    ],
)
def test_a_kernel_that_refuses_is_told_before_a_file_is_written(
    program: Program, tmp_path: Path, code: str, told: str
) -> None:
    file = tmp_path / "new"
    outcome = program(
        "run", *URING, f"--filename={file}", "--size=1m", "--rw=read", f"--allow-write={file}",
        prefix=without(f"io_uring_setup={code}"),
    )  # fmt: skip
    assert outcome.code == 1
    assert told in outcome.stderr
    assert not file.exists()

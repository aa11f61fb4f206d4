"""fsync, fdatasync, end_fsync and sync are made when fio makes them, and counted apart."""

import re
from pathlib import Path

import pytest

from program import Outcome, Program

MODES = ["poll", "eventfd", "bh", "adaptive", "getevents"]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "target.bin"
    path.write_bytes(b"\xee" * (1 << 20))
    return path


def write(program: Program, target: Path, *options: str, prefix: tuple[str, ...] = ()) -> Outcome:
    done = program(
        "run", "--json", "--no-save", "--rw=write", f"--filename={target}",
        f"--allow-write={target}", *options, prefix=prefix,
    )  # fmt: skip
    assert done.code == 0, done.stderr
    return done


def test_syncs_are_counted_apart_in_every_mode(program: Program, target: Path) -> None:
    """And in both engines, one after another."""
    options = []
    for mode in MODES:
        for engine in ("libaio", "threads"):
            options += [
                f"--name={engine}-{mode}", f"--filename={target}", "--stonewall", "--rw=write",
                "--fsync=100", "--end_fsync=1", "--iodepth=4", f"--completion={mode}",
                f"--engine={engine}",
            ]  # fmt: skip
    done = program("run", "--json", "--no-save", f"--allow-write={target}", *options)
    assert done.code == 0, done.stderr
    assert len(done.document["jobs"]) == 2 * len(MODES)
    for job in done.document["jobs"]:
        assert job["write"]["ios"] == 256
        assert job["sync"]["ios"] == 2 + 1
        assert job["sync"]["bytes"] == 0
        assert job["sync"]["lat_ns"]["count"] == 3
        assert sum(point["ios"] for point in job["series"]) == 256
        assert all(rule["holds"] for rule in job["proof"])


def test_a_steady_state_is_one_of_ios_without_syncs(program: Program, target: Path) -> None:
    done = write(
        program, target, "--fsync=1", "--runtime=2", "--time_based", "--steadystate=iops:90%",
        "--steadystate_duration=1", "--steadystate_check_interval=200ms",
    )  # fmt: skip
    (job,) = done.document["jobs"]
    steady = job["steadystate"]
    assert job["sync"]["ios"] > 0 and steady["iops"]
    assert steady["bw_bytes_mean"] == pytest.approx(4096 * steady["iops_mean"], rel=0.1)


@pytest.mark.strace
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--fsync=2"], "wwfwwfww"),  # that which falls due with the last write is not made
        (["--fdatasync=3"], "wwwdwww"),
        (["--fsync=4", "--fdatasync=2"], "wwdwwfww"),
        (["--end_fsync=1"], "wwwwwwf"),
        (["--fsync=3", "--end_fsync=1", "--iodepth=8"], "wwwfwwwf"),
    ],
)
def test_they_are_made_where_fio_makes_them(
    program: Program, target: Path, options: list[str], expected: str
) -> None:
    """Through the queue, and alone: the writes before one are back when it is submitted."""
    log = program.folder / "strace"
    write(
        program, target, "--size=24k", *options,
        prefix=("strace", "-f", "-qq", "-e", "trace=io_submit,fsync,fdatasync", "-o", str(log)),
    )  # fmt: skip
    letters = {"PWRITE": "w", "FSYNC": "f", "FDSYNC": "d"}
    calls = re.findall(r"io_submit\(.*", log.read_text())
    batches = [
        "".join(letters[name] for name in re.findall(r"IOCB_CMD_(\w+)", call)) for call in calls
    ]
    assert "".join(batches) == expected
    assert all(batch in ("f", "d") or set(batch) == {"w"} for batch in batches)
    assert not re.search(r"\b(fsync|fdatasync)\(", log.read_text())


@pytest.mark.strace
@pytest.mark.parametrize(
    ("sync", "flag"), [("sync", "O_SYNC"), ("1", "O_SYNC"), ("dsync", "O_DSYNC")]
)
def test_each_write_may_be_synchronous(
    program: Program, target: Path, sync: str, flag: str
) -> None:
    log = program.folder / "strace"
    write(
        program, target, "--number_ios=1", f"--sync={sync}",
        prefix=("strace", "-f", "-qq", "-e", "trace=openat", "-o", str(log)),
    )  # fmt: skip
    (flags,) = re.findall(r", (O_RDWR\S*O_DIRECT\S*)", log.read_text())
    assert re.search(rf"\b{flag}\b", flags)


def test_the_table_shows_them(program: Program, target: Path) -> None:
    done = program(
        "run", "--no-save", "--rw=write", f"--filename={target}", f"--allow-write={target}",
        "--fsync=16",
    )  # fmt: skip
    assert re.search(r"^ +sync +\S+ +– +\S+ \S?s ", done.stdout, re.MULTILINE)


def test_a_job_that_only_reads_needs_none(program: Program, target: Path) -> None:
    """As in fio, where they stand among the options of all jobs."""
    done = program("run", "--no-save", "--rw=read", f"--filename={target}", "--fsync=16")
    assert done.code == 0
    assert "fsync has no effect without a job that writes" in done.stderr

"""File systems without room for results, scratch files or targets: told, nothing half written."""

import errno
import json
import os
from pathlib import Path

import pytest

from faults.block_devices import mounted_ext4, mounted_tmpfs
from faults.subject import OK, RUN_FAILED, Report, Subject
from faults.system_calls import strace_injecting
from program import Program

NULL = ("--engine=null", "--number_ios=100")


def unsaved(subject: Subject, *arguments: str | Path, prefix: tuple[str, ...] = ()) -> Report:
    """Check that a run that can't save its result still prints it; returns the report."""
    ending = subject.start(*arguments, prefix=prefix).end()
    assert ending.code == RUN_FAILED, ending.stderr
    assert ending.stderr.count("laiobench: error: the result cannot be saved in") == 1
    document = json.loads(ending.stdout)
    assert document["status"] == "ok"
    subject.check_unharmed()
    return Report(document, ending.stderr)


def fill(folder: Path) -> None:
    """To the last byte."""
    with folder.joinpath("ballast").open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1 << 9, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


@pytest.mark.root
def test_a_full_tmpfs_keeps_no_half_a_result(subject: Subject, tmp_path: Path) -> None:
    with mounted_tmpfs(tmp_path / "small", 1 << 20) as folder:
        earlier = folder / "earlier.json"
        earlier.write_text("whole")
        fill(folder)
        report = unsaved(subject, *NULL, f"--results={folder}")
        assert "No space left on device" in report.stderr
        assert "make room there, or choose another place" in report.stderr
        assert {path.name for path in folder.iterdir()} == {"earlier.json", "ballast"}
        assert earlier.read_text() == "whole"


@pytest.mark.root
@pytest.mark.loop
def test_a_full_ext4_keeps_the_result_that_was_to_be_replaced(
    subject: Subject, tmp_path: Path
) -> None:
    with mounted_ext4(tmp_path / "small", 8 << 20) as folder:
        output = folder / "result.json"
        assert subject.program("run", *NULL, f"--output={output}").code == OK
        earlier = output.read_bytes()
        fill(folder)
        unsaved(subject, *NULL, f"--output={output}")
        assert output.read_bytes() == earlier
        assert {path.name for path in folder.iterdir()} == {
            "lost+found", "ballast", "result.json"
        }  # fmt: skip


@pytest.mark.strace
@pytest.mark.parametrize("error", ["EIO", "ENOSPC", "EDQUOT"])
def test_a_result_that_cannot_be_synced_is_not_saved(subject: Subject, error: str) -> None:
    report = unsaved(subject, *NULL, prefix=strace_injecting(f"fsync:error={error}:when=1"))
    assert "choose another place with --results or --output" in report.stderr
    assert [path.name for path in subject.results.iterdir()] == [subject.earlier_name]


@pytest.mark.strace
def test_a_result_that_cannot_be_renamed_is_not_saved(subject: Subject) -> None:
    # It is tried before the run, with a file of no meaning.
    unsaved(subject, *NULL, prefix=strace_injecting("/^rename:error=EACCES:when=2+"))
    assert [path.name for path in subject.results.iterdir()] == [subject.earlier_name]


# ---- the scratch file -------------------------------------------------------------------


def in_scratch(subject: Subject, folder: Path) -> Subject:
    """The same, with its scratch file elsewhere."""
    environment = {**subject.program.environment, "LAIOBENCH_SCRATCH": str(folder)}
    subject.program = Program(subject.program.folder, environment)
    return subject


@pytest.mark.root
@pytest.mark.loop
def test_no_room_for_the_scratch_file(subject: Subject, tmp_path: Path) -> None:
    with mounted_ext4(tmp_path / "small", 8 << 20) as folder:
        said = in_scratch(subject, folder).refusal("--size=16m")
        assert "there is no place for the scratch file" in said
        assert "are free" in said
        assert "name a target with --filename, or a folder in LAIOBENCH_SCRATCH" in said
        assert {path.name for path in folder.iterdir()} == {"lost+found"}


@pytest.mark.strace
@pytest.mark.parametrize("call", ["fallocate", "fdatasync", "fsync"])
@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
def test_writing_the_scratch_file_fails(
    subject: Subject, tmp_path: Path, call: str, error: str
) -> None:
    folder = tmp_path / "scratch"
    said = in_scratch(subject, folder).program(
        "run", "--size=1m", "--number_ios=1", prefix=strace_injecting(f"{call}:error={error}")
    )
    assert said.code == RUN_FAILED
    assert "the scratch file" in said.stderr
    assert os.strerror(getattr(errno, error)) in said.stderr
    assert list(folder.iterdir()) == []


# ---- the limit of a file's size ---------------------------------------------------------


def test_beyond_the_limit_of_a_file_s_size_writes_fail(
    subject: Subject, tmp_path: Path, mode: str
) -> None:
    """EFBIG, and no death by SIGXFSZ."""
    target = tmp_path / "target"
    target.write_bytes(bytes(2 << 20))
    report = subject.run(
        f"--filename={target}", f"--allow-write={target}", "--rw=write", "--iodepth=8", mode,
        code=RUN_FAILED, prefix=("prlimit", f"--fsize={1 << 20}"),
    )  # fmt: skip
    assert report.job["write"]["errors"] == {"EFBIG": 256}
    assert report.job["write"]["ios"] == 256
    assert report.failures == ["job: write I/Os failed: 256 × EFBIG"]


def test_the_scratch_file_is_beyond_the_limit_of_a_file_s_size(
    subject: Subject, tmp_path: Path
) -> None:
    folder = tmp_path / "scratch"
    subject = in_scratch(subject, folder)
    outcome = subject.program("run", "--size=2m", prefix=("prlimit", f"--fsize={1 << 20}"))
    assert outcome.code == RUN_FAILED
    assert "File too large" in outcome.stderr
    assert list(folder.iterdir()) == []

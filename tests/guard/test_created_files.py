"""Files that laiobench made stay its own until another program changes them."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from laiobench.errors import RunError, UsageError
from laiobench.files import partial
from laiobench.files.partial import Partial
from laiobench.jobs.options import Job
from laiobench.measurement.targets import FillHooks, Permission, Targets
from program import Program

WRITE = Job(rw="randwrite", direct=False)
READ = Job(rw="randread", direct=False)


@pytest.fixture
def new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file of ours."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path = str(tmp_path / "new.bin")
    with Targets() as targets:
        targets.make(path, 1 << 20)
    return path


def write_to(path: str, in_between: str = "") -> None:
    """As a run does; `in_between` is what another program does meanwhile, in Python."""
    with Targets() as targets:
        target = targets.open(path, WRITE)
        os.pwrite(target.fd, b"ours", 0)
        if in_between:
            subprocess.run(["python3", "-c", in_between, path], check=True)
        os.pwrite(target.fd, b"ours", 4096)


def is_refused(path: str) -> bool:
    try:
        with Targets() as targets:
            targets.open(path, WRITE)
    except UsageError as refusal:
        assert "was not allowed" in str(refusal)
        return True
    return False


def test_what_we_write_changes_nothing(new: str) -> None:
    for _ in range(3):
        write_to(new)
    with Targets() as targets:  # several jobs, and those that read
        for job in (WRITE, READ, Job(rw="randwrite", direct=False, sync="dsync")):
            os.pread(targets.open(new, job).fd, 1, 0)
    assert not is_refused(new)


@pytest.mark.parametrize(
    "change",
    [
        "import sys; open(sys.argv[1], 'r+b').write(b'precious')",
        "import os, sys; s = os.stat(sys.argv[1]); open(sys.argv[1], 'r+b').write(b'precious');"
        "os.utime(sys.argv[1], ns=(s.st_atime_ns, s.st_mtime_ns))",
    ],
    ids=["plainly", "with its time put back"],
)
@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_what_another_has_changed_is_theirs(new: str, change: str, when: str) -> None:
    if when == "meanwhile":
        write_to(new, change)
    else:
        subprocess.run(["python3", "-c", change, new], check=True)
    assert is_refused(new)
    with Targets(Permission([new])) as targets:  # nor does a run that may write make it ours
        targets.open(new, WRITE)
    assert is_refused(new)


def test_who_only_reads_it_meanwhile_is_seen_too(new: str) -> None:
    """They may have mapped it, or pass it on: it is asked rather than known."""
    write_to(new, "import sys; open(sys.argv[1], 'rb').read(1)")
    assert is_refused(new)


def test_another_file_of_the_name_is_not_ours(new: str, tmp_path: Path) -> None:
    Path(new).rename(tmp_path / "old")
    subprocess.run(["cp", "--archive", tmp_path / "old", new], check=True)
    assert is_refused(new)
    assert is_refused(str(tmp_path / "old"))


def test_without_a_place_to_remember_it_nothing_is_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/none")
    path = str(tmp_path / "new.bin")
    with Targets() as targets:
        targets.make(path, 1 << 20)
    assert is_refused(path)


# ---- while it is made ----------------------------------------------------------------


def test_a_file_that_appears_meanwhile_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "new.bin"

    def appear() -> bool:
        path.write_bytes(b"precious")
        return False

    hooks = FillHooks(stop=appear)
    with Targets(hooks=hooks) as targets, pytest.raises(RunError, match="somebody else made it"):
        targets.make(str(path), 1 << 20)
    assert path.read_bytes() == b"precious"
    assert list(tmp_path.iterdir()) == [path]


def without_unnamed_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a file system that has none, which says of O_TMPFILE that it is a folder."""
    monkeypatch.setattr(partial, "_UNNAMED", os.O_RDWR)


def test_the_same_on_file_systems_that_have_only_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_unnamed_files(monkeypatch)
    test_a_file_that_appears_meanwhile_is_left_as_it_is(tmp_path)
    with Partial(tmp_path) as file:
        (hidden,) = (path for path in tmp_path.iterdir() if path.name.startswith("."))
        os.write(file.fd, b"whole")
        file.replace("new.bin")
        assert not hidden.exists()
    assert (tmp_path / "new.bin").read_bytes() == b"whole"


def test_left_over_is_what_nobody_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its writer's number was, or is in another container."""
    without_unnamed_files(monkeypatch)
    folder = os.open(tmp_path, os.O_RDONLY)
    with Partial(tmp_path):
        partial.remove_left_over(folder)
        (held,) = tmp_path.iterdir()
        dead = tmp_path / partial.hidden_name()
        dead.write_bytes(b"dead")
        (tmp_path / ".laiobench-mine.partial").write_bytes(b"another's")
        partial.remove_left_over(folder)
        assert held.exists()
        assert not dead.exists()
        assert (tmp_path / ".laiobench-mine.partial").exists()
    os.close(folder)


def test_a_killed_writer_leaves_nothing(program: Program) -> None:
    for options in (("--filename=big.bin",), ("--directory=.",)):
        process = program.start("run", *options, "--size=2g", "--number_ios=1", "--no-save")
        assert process.stderr is not None
        assert "writing" in process.stderr.readline()
        time.sleep(0.5)
        assert process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert list(program.folder.iterdir()) == []

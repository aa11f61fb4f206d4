"""The guard finds targets that other processes have open or locked, under any name."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from opened import READ, can_write, refusal
from stacks import image, loop, partitioned

from laiobench.measurement.targets import Permission, Targets
from laiobench.system.kernel import LIVE
from laiobench.system.openers import is_flocked
from program import Program

OPEN = """
import fcntl, os, sys
fd = os.open(sys.argv[1], getattr(os, sys.argv[2]))
if len(sys.argv) > 3:
    fcntl.flock(fd, getattr(fcntl, sys.argv[3]))
print("ready", flush=True)
sys.stdin.read()
"""


FOR_A_MOMENT = """
import fcntl, sys, time
fcntl.flock(open(sys.argv[1]), fcntl.LOCK_SH)
print(flush=True)
time.sleep(0.2)
"""


@contextmanager
def opened(path: Path | str, flags: str, *lock: str) -> Iterator[int]:
    """Another process that has it open, by its pid."""
    with subprocess.Popen(
        [sys.executable, "-c", OPEN, path, flags, *lock],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as other:  # fmt: skip
        try:
            assert other.stdout
            assert other.stdout.readline() == "ready\n"
            yield other.pid
        finally:
            other.communicate()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return image(tmp_path / "image")


@pytest.fixture
def device(file: Path) -> Iterator[str]:
    with loop(file) as made:
        yield made


def test_a_file_that_another_program_writes_to(file: Path, tmp_path: Path) -> None:
    (tmp_path / "other name").hardlink_to(file)
    with opened(tmp_path / "other name", "O_WRONLY") as pid:
        said = refusal(file)
        assert f"process {pid} (python" in said
        assert ") has it open for writing\n  end that program; nothing overrides this" in said
        with Targets() as targets:
            targets.open(str(file), READ)
    assert can_write(file)


def test_a_file_that_another_program_only_reads(file: Path) -> None:
    with opened(file, "O_RDONLY"):
        assert can_write(file)


@pytest.mark.parametrize("lock", ["LOCK_SH", "LOCK_EX"])
def test_a_file_that_another_program_has_locked(file: Path, lock: str) -> None:
    with opened(file, "O_RDONLY", lock) as pid:
        said = refusal(file)
        assert f"process {pid} (python" in said
        assert ") has it locked" in said
    assert can_write(file)


def test_a_lock_that_no_process_is_seen_to_hold(file: Path) -> None:
    """As where another user's process has it, or another namespace's."""
    with file.open("rb") as ours, opened(file, "O_RDONLY", "LOCK_SH"):
        assert is_flocked(ours.fileno(), LIVE)
    with file.open("rb") as ours:
        assert not is_flocked(ours.fileno(), LIVE)


def test_who_starts_us_may_lock_it_for_us(program: Program, file: Path) -> None:
    writing = ("run", "--no-save", "--rw=write", "--size=64k", f"--filename={file}")
    outcome = program(*writing, f"--allow-write={file}", prefix=("flock", str(file)))
    assert outcome.code == 0, outcome.stderr
    with file.open("rb") as ours:
        fcntl.flock(ours, fcntl.LOCK_EX)
        assert can_write(file)


def test_who_only_looks_for_a_moment_is_waited_for(file: Path) -> None:
    """As udev does, which locks a device while it looks at it."""
    with subprocess.Popen(
        [sys.executable, "-c", FOR_A_MOMENT, file], stdout=subprocess.PIPE
    ) as other:
        assert other.stdout
        other.stdout.readline()
        assert can_write(file)


def test_what_we_made_is_refused_while_another_writes_to_it(tmp_path: Path) -> None:
    new = tmp_path / "new"
    with Targets() as targets:
        targets.make(str(new), 1 << 20)
    with opened(new, "O_RDWR"):
        assert "open for writing" in refusal(new, Permission())


@pytest.mark.root
@pytest.mark.loop
class TestDevices:
    def test_a_program_with_a_node_of_its_own(self, device: str, tmp_path: Path) -> None:
        """As a virtual machine's server: it has locked a device node in its own sandbox."""
        node = tmp_path / "node"
        os.mknod(node, 0o60000 | 0o600, Path(device).stat().st_rdev)
        with opened(node, "O_RDWR") as pid:
            assert f"process {pid} (python" in refusal(device)
        with opened(node, "O_RDONLY", "LOCK_SH") as pid:
            said = refusal(device)
            assert f"process {pid} (python" in said
            assert ") has it locked" in said
        with opened(node, "O_RDONLY"):
            assert can_write(device)

    def test_what_shares_blocks_with_it(self, file: Path, tmp_path: Path) -> None:
        with partitioned(file) as disk:
            name = Path(disk).name
            with opened(f"{disk}p1", "O_RDWR"):
                forced = Permission([disk], force_signature=True)
                assert f"has its partition {name}p1 open for writing" in refusal(disk, forced)
                assert can_write(f"{disk}p2")
            with opened(disk, "O_RDWR"):
                assert f"has its disk {name} open for writing" in refusal(f"{disk}p2")

    def test_the_file_that_it_is_made_of(self, device: str, file: Path) -> None:
        with opened(file, "O_RDWR"):
            assert "has the file that it is made of open for writing" in refusal(device)


@pytest.mark.root
@pytest.mark.parametrize("file", ["kernel/uevent_seqnum", "kernel/mm/transparent_hugepage/enabled"])
def test_the_kernel_s_files_by_a_path_of_another_namespace(file: str) -> None:
    """No list of our mounts has its sysfs."""
    script = "mount -t sysfs sysfs /sys; echo ready; read -r _"
    with subprocess.Popen(
        ["unshare", "--mount", "--net", "sh", "-ec", script],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as other:  # fmt: skip
        try:
            assert other.stdout
            assert other.stdout.readline() == "ready\n"
            path = f"/proc/{other.pid}/root/sys/{file}"
            assert "it is no storage, but the kernel's (sysfs)" in refusal(path)
        finally:
            other.communicate("\n")

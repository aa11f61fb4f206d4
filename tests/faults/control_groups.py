"""Makes control groups (version 1) that limit the CPU time or reads of a program."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_PERIOD_US = 100_000


@contextmanager
def _group(controller: str) -> Iterator[Path]:
    """A new control group, which is removed after the block."""
    folder = _ROOT / controller / f"laiobench-test-{os.getpid()}-{time.monotonic_ns()}"
    folder.mkdir()
    try:
        yield folder
    finally:
        for pid in folder.joinpath("cgroup.procs").read_text().split():
            folder.parent.joinpath("cgroup.procs").write_text(pid)
        folder.rmdir()


def joining(group: Path) -> tuple[str, ...]:
    """A prefix for a command, which puts it into the group before it begins."""
    return ("sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "sh")


@contextmanager
def cpu_quota(share: float) -> Iterator[Path]:
    """A group that gets this share of one CPU."""
    with _group("cpu") as group:
        group.joinpath("cpu.cfs_period_us").write_text(str(_PERIOD_US))
        group.joinpath("cpu.cfs_quota_us").write_text(str(round(share * _PERIOD_US)))
        yield group


@contextmanager
def one_cpu(cpu: int) -> Iterator[Path]:
    """A group that may use only this CPU."""
    with _group("cpuset") as group:
        group.joinpath("cpuset.mems").write_text((_ROOT / "cpuset/cpuset.mems").read_text())
        group.joinpath("cpuset.cpus").write_text(str(cpu))
        yield group


@contextmanager
def read_limit(device: str, iops: int) -> Iterator[Path]:
    """A group that may make this many reads a second from the device."""
    numbers = subprocess.run(
        ["lsblk", "--nodeps", "--noheadings", "--output=MAJ:MIN", device],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    with _group("blkio") as group:
        limit = group / "blkio.throttle.read_iops_device"
        limit.write_text(f"{numbers} {iops}")
        try:
            yield group
        finally:
            limit.write_text(f"{numbers} 0")  # else blocked reads would go on waiting

"""Opens targets as jobs open them; returns the refusal, or that the target may be written to."""

import fcntl
import os
from pathlib import Path

import pytest

from laiobench.errors import LaiobenchError
from laiobench.jobs.options import Job
from laiobench.measurement.targets import Permission, Targets

READ, WRITE = Job(rw="randread"), Job(name="w", rw="randwrite")


def refusal(path: str | Path, permission: Permission | None = None) -> str:
    """The error when a job opens `path`, which was allowed by name, to write to it."""
    with (
        Targets(permission or Permission([path])) as targets,
        pytest.raises(LaiobenchError) as refused,
    ):
        targets.open(str(path), WRITE)
    return str(refused.value)


def can_write(path: str | Path, permission: Permission | None = None) -> bool:
    with Targets(permission or Permission([path])) as targets:
        target = targets.open(str(path), WRITE)
        return fcntl.fcntl(target.fd, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDWR

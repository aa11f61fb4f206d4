"""Verification: what each copy of a job needs for it, and what it leaves behind.

The memory in which the core keeps what was written, which may be a file that survives a
crash; and the names of files for bad blocks.
"""

import json
import mmap
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from laiobench.errors import RunError, UsageError
from laiobench.files.below import Below
from laiobench.files.regular import open_regular
from laiobench.jobs.options import Job
from laiobench.jobs.options.verify import fitting_block_bytes
from laiobench.measurement.plan.copy import JobCopy
from laiobench.measurement.plan.verify_regions import span_of
from laiobench.native import BYTES_OF_A_CELL, VerifyPlan
from laiobench.units import format_size

_HEAD_BYTES = 4096
_VERSION = 1


# ---- what was written -------------------------------------------------------------------


@dataclass
class Verification:
    """Of one copy: its plan, and the file that remembers, if there is one."""

    plan: VerifyPlan
    fd: int | None = None
    """Of the file: its name may come to mean another."""
    head: dict[str, Any] | None = None

    def save(self) -> None:
        """Write what has been recorded so far to the medium."""
        if self.fd is not None:
            self.plan.written.flush()

    def end(self, *, is_exact: bool) -> None:
        """The copy has ended; `is_exact`: none of its I/Os is in flight."""
        if self.fd is None or self.head is None:
            return
        if is_exact:
            self.save()
            os.pwrite(self.fd, _head_bytes({**self.head, "ended_well": True}), 0)
            os.fsync(self.fd)
        os.close(self.fd)
        self.fd = None


def check_files(jobs: Sequence[Job], folder: Below) -> None:
    """Find out before anything is written whether these jobs' files can be.

    Files for bad blocks are only checked if the option was set: there may be no bad block.

    Raises:
        UsageError, RunError: a file can't be written.
    """
    names = []
    for job in jobs:
        for copy in range(job.numjobs):
            if saves_state(job):
                names.append(_state_name(job, copy))
            if job.verifies and job.verify_dump and "verify_dump" in job.model_fields_set:
                names.append(bad_block_name(job, copy, 1 << 60))
    try:
        folder.check(names)
    except OSError as error:
        if error.filename is None:  # the current folder is gone
            raise
        raise RunError(
            f"{error.filename} cannot be written: {error.strerror}",
            "--log-dir names another folder for states and bad blocks",
        ) from None


def verification_of(
    copy: JobCopy, folder: Below, *, is_rehearsed: bool = False
) -> Verification | None:
    """What `copy` needs to verify; None if it verifies nothing.

    Args:
        copy: what is to be verified.
        folder: where its file is.
        is_rehearsed: it leaves nothing behind, so it needs memory instead of a new file.

    Raises:
        LaiobenchError: its blocks are too small, or its state file is unusable.
    """
    if not copy.job.verifies:
        return None
    block_bytes = _block_bytes(copy)
    first, end = span_of(copy)
    head: dict[str, Any] = {
        "laiobench_verify_state": _VERSION,
        "run": int.from_bytes(os.urandom(8)) or 1,
        "seed": copy.seed,
        "verify": copy.job.verify,
        "start": first,
        "blocks": -(-(end - first) // block_bytes),
        "block_bytes": block_bytes,
        "ended_well": False,
    }
    name = _state_name(copy.job, copy.copy_index)
    if copy.job.verify_state_load:
        return _load(Path(folder.path(name)), head)
    if saves_state(copy.job) and not is_rehearsed:
        return _create(folder, name, head)
    return Verification(_plan(head, _cells(head["blocks"])))


def _cells(blocks: int) -> mmap.mmap:
    size = cells_bytes(blocks)
    try:
        return mmap.mmap(-1, size)
    except OSError as error:
        raise RunError(
            f"no memory to keep what was written, {format_size(size)} for {blocks:,} blocks "
            f"({error.strerror})",
            "lower size, or raise verify_interval or bs",
        ) from error


def _block_bytes(copy: JobCopy) -> int:
    return copy.job.verify_interval or fitting_block_bytes(copy.job)


def cells_bytes(blocks: int) -> int:
    """The bytes of memory that record so many blocks."""
    return blocks * BYTES_OF_A_CELL


def memory_to_verify(copy: JobCopy) -> int:
    """The bytes of memory that record all blocks of a copy; 0: it verifies nothing."""
    if not copy.job.verifies:
        return 0
    first, end = span_of(copy)
    return cells_bytes(-(-(end - first) // _block_bytes(copy)))


def _plan(head: dict[str, Any], written: mmap.mmap | memoryview, **loaded: bool) -> VerifyPlan:
    return VerifyPlan(
        run=head["run"],
        start=head["start"],
        blocks=head["blocks"],
        block_bytes=head["block_bytes"],
        written=written,
        seed=head["seed"],
        **loaded,
    )


def saves_state(job: Job) -> bool:
    """Whether it records in a file what was written."""
    return job.verifies and job.verify_state_save and job.writes and not job.verify_state_load


def saved_state(copy: JobCopy) -> str | None:
    """The name of the file in which the copy records what was written, if it does."""
    return _state_name(copy.job, copy.copy_index) if saves_state(copy.job) else None


def _state_name(job: Job, copy_index: int) -> str:
    return f"{plain_name(job.name)}-{copy_index}-verify.state"


def bad_block_name(job: Job, copy_index: int, offset: int) -> str:
    """The name of the file for a bad block, as received, at this offset."""
    return f"{plain_name(job.name)}.{copy_index}.{offset}.received"


def plain_name(name: str) -> str:
    """A job's name, as a part of a file's name."""
    return re.sub(r"[^\w.-]", "_", name)


def _head_bytes(head: dict[str, Any]) -> bytes:
    return json.dumps(head).encode().ljust(_HEAD_BYTES, b"\n")


def _create(folder: Below, name: str, head: dict[str, Any]) -> Verification:
    """Create the state file, whole and on the medium before it has its name; map its cells."""
    size = _HEAD_BYTES + head["blocks"] * BYTES_OF_A_CELL
    try:
        with folder.partial(name) as (file, last):
            os.pwrite(file.fd, _head_bytes(head), 0)
            os.posix_fallocate(file.fd, 0, size)  # a full disk must not mean SIGBUS later
            os.fsync(file.fd)
            file.replace(last)
            written = mmap.mmap(file.fd, size - _HEAD_BYTES, offset=_HEAD_BYTES)
            return Verification(_plan(head, written), os.dup(file.fd), head)
    except OSError as error:
        raise RunError(
            f"{folder.path(name)} cannot be written: {error.strerror}",
            "verify_state_save keeps it in the current folder, or in --log-dir",
        ) from None


def _open_state(path: Path) -> int:
    try:
        return open_regular(path)
    except UsageError as error:
        raise RunError(error.problem, "a job with verify_state_save=1 makes it") from None


def _load(path: Path, head: dict[str, Any]) -> Verification:
    try:
        with os.fdopen(_open_state(path), "rb") as file:
            saved = json.loads(file.read(_HEAD_BYTES))
            same = ("laiobench_verify_state", "verify", "start", "block_bytes", "blocks")
            for name in same:
                if saved[name] != head[name]:
                    raise UsageError(
                        f"{path} is of another job: its {name} is {saved[name]}, "
                        f"and this one's is {head[name]}",
                        "give the options with which it was written",
                    )
            size = saved["blocks"] * BYTES_OF_A_CELL
            written = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_COPY, offset=_HEAD_BYTES)
            return Verification(
                _plan(saved, written, is_loaded=True, is_exact=bool(saved["ended_well"]))
            )
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise RunError(f"{path} is no state of a verification, or is damaged") from None

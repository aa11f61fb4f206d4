"""Verification of copies: what each needs for it, and what it leaves behind.

The memory in which the core keeps what was written, which may be a file that outlives
a crash; that no copy overwrites what another verifies; and the files in which bad
blocks are saved.
"""

import json
import mmap
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from laiobench.errors import RunError, UsageError
from laiobench.files.regular import open_regular
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
    file: Path | None = None
    head: dict[str, Any] | None = None

    def save(self) -> None:
        """Put what was written so far onto the medium."""
        if self.file:
            self.plan.written.flush()

    def end(self, *, is_exact: bool) -> None:
        """The copy is over; `is_exact`: nothing of it is in flight any more."""
        if self.file and self.head and is_exact:
            self.save()
            with self.file.open("r+b") as file:
                file.write(_head_bytes({**self.head, "ended_well": True}))
                file.flush()
                os.fsync(file.fileno())


def verification_of(copy: JobCopy) -> Verification | None:
    """What `copy` needs to verify; None if it does not.

    Raises:
        LaiobenchError: its blocks are too small, or its file is not as it must be.
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
    path = _state_path(copy)
    if copy.job.verify_state_load:
        return _load(path, head)
    if saved_state(copy):
        return Verification(_plan(head, _create(path, head)), path, head)
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
    """What is kept of the blocks that are verified takes so much."""
    return blocks * BYTES_OF_A_CELL


def memory_to_verify(copy: JobCopy) -> int:
    """The same, of all of a copy's; 0: it verifies nothing."""
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


def saved_state(copy: JobCopy) -> Path | None:
    """Where it keeps what was written, if it does."""
    keeps = copy.job.verifies and copy.job.verify_state_save and copy.job.writes
    return _state_path(copy) if keeps and not copy.job.verify_state_load else None


def _state_path(copy: JobCopy) -> Path:
    return Path(f"{plain_name(copy.job.name)}-{copy.copy_index}-verify.state")


def plain_name(name: str) -> str:
    """A job's name as a part of a file's."""
    return re.sub(r"[^\w.-]", "_", name)


def _head_bytes(head: dict[str, Any]) -> bytes:
    return json.dumps(head).encode().ljust(_HEAD_BYTES, b"\n")


def _create(path: Path, head: dict[str, Any]) -> mmap.mmap:
    """The file, whole and on the medium before it has its name; and its cells."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    size = _HEAD_BYTES + head["blocks"] * BYTES_OF_A_CELL
    try:
        with temporary.open("w+b") as file:
            file.write(_head_bytes(head))
            os.posix_fallocate(file.fileno(), 0, size)  # no SIGBUS, should the disk be full
            file.flush()
            os.fsync(file.fileno())
            temporary.replace(path)
            _sync_folder(path.parent)
            return mmap.mmap(file.fileno(), size - _HEAD_BYTES, offset=_HEAD_BYTES)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise RunError(
            f"{path} cannot be written: {error.strerror}",
            "verify_state_save keeps it in the current folder",
        ) from None


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


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

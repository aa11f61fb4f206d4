"""Verification across the border: a job's options as the core's plan, and the core's report.

Knows the structures of verify_plan.h, and in which libraries to look for hashes.
"""

import importlib
import importlib.util
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from laiobench.jobs.options import Job
from laiobench.native._core import ffi, lib
from laiobench.native.structures import text_of

_LIBCRYPTO = ("libcrypto.so.3", "libcrypto.so.1.1")
BYTES_OF_A_CELL = 4


@dataclass(frozen=True)
class VerifyPlan:
    """How a job verifies; `written` has BYTES_OF_A_CELL for each block, zero at first."""

    run: int
    start: int
    blocks: int
    block_bytes: int
    written: Any
    """Writable memory; it may be the mapping of a file."""
    seed: int
    """The index of the job that wrote the blocks."""
    is_loaded: bool = False
    is_exact: bool = False


@dataclass(frozen=True)
class VerifyFailure:
    """A bad block; fields that are not known are None."""

    fault: str
    offset: int
    size_bytes: int
    code: int
    """If the block could not be read: the errno; 0 at the target's end."""
    found_offset: int | None
    found_generation: int | None
    expected_generation: int | None
    first_bad: int
    bad_bytes: int
    found: bytes | None
    expected: bytes | None


@dataclass(frozen=True)
class VerifyReport:
    """The outcome of a job's verification; the first failures in full."""

    blocks: int
    failed_blocks: int
    unknown_blocks: int
    """Blocks not verified, since writing them had failed, or they were trimmed."""
    size_bytes: int
    runtime_ns: int
    unreadable: int
    """Reads that failed."""
    is_over: bool
    failures: tuple[VerifyFailure, ...]


def _libraries(method: str) -> list[str]:
    """The libraries that may have a hash, most likely first."""
    match method:
        case "crc32":
            return ["libz.so.1"]
        case "xxhash":
            found = importlib.util.find_spec("xxhash")
            extension = found and importlib.util.find_spec("xxhash._xxhash")
            return ["libxxhash.so.0", *([extension.origin or ""] if extension else [])]
        case _:
            with suppress(ImportError):  # loads Python's own libcrypto, which is then found by name
                importlib.import_module("_hashlib")
            return list(_LIBCRYPTO)


def fill_verify(
    native: Any, job: Job, plan: VerifyPlan | None, alive: Callable[[Any], Any]
) -> None:
    """Fill in what the job's options ask for."""
    if plan is None:
        return
    names = [alive(ffi.new("char[]", name.encode())) for name in _libraries(job.verify)]
    native.method = alive(ffi.new("char[]", job.verify.encode()))
    native.libraries = alive(ffi.new("char *[]", names))
    native.library_count = len(names)
    native.run = plan.run
    native.start = plan.start
    native.cells = plan.blocks
    native.block_bytes = plan.block_bytes
    native.written = ffi.cast("uint32_t *", alive(ffi.from_buffer(plan.written)))
    native.backlog = job.verify_backlog
    native.backlog_batch = job.verify_backlog_batch or job.verify_backlog
    native.read_back = job.only_verifies or (job.do_verify and job.writes)
    native.only = job.only_verifies
    native.check_reads = not job.writes and not job.only_verifies
    native.is_loaded = plan.is_loaded
    native.is_exact = plan.is_exact
    native.fatal = job.verify_fatal


def read_verify(run: Any, index: int) -> VerifyReport | None:
    """Read the outcome of a job's verification; None if it verified nothing."""
    report = ffi.new("VerifyReport *")
    if not lib.run_verify_report(run, index, report):
        return None
    return VerifyReport(
        blocks=report.blocks,
        failed_blocks=report.failed_blocks,
        unknown_blocks=report.unknown_blocks,
        size_bytes=report.bytes,
        runtime_ns=max(0, report.ended_ns - report.started_ns),
        unreadable=report.unreadable,
        is_over=report.is_over,
        failures=tuple(_failure(run, index, number) for number in range(report.failures)),
    )


def _failure(run: Any, index: int, number: int) -> VerifyFailure:
    native = ffi.new("VerifyFailure *")
    lib.run_verify_failure(run, index, number, native)

    def kept(pointer: Any) -> bytes | None:
        return None if pointer == ffi.NULL else bytes(ffi.buffer(pointer, native.bytes))

    return VerifyFailure(
        fault=text_of(native.fault),
        offset=native.offset,
        size_bytes=native.bytes,
        code=native.code,
        found_offset=native.found_offset if native.has_header else None,
        found_generation=native.found_generation if native.has_header else None,
        expected_generation=native.expected_generation or None,
        first_bad=native.first_bad,
        bad_bytes=native.bad_bytes,
        found=kept(native.found),
        expected=kept(native.expected),
    )

"""Whether what is read is what was written."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import BeforeValidator

from laiobench.jobs.options.byte_pattern import Pattern
from laiobench.jobs.options.engines import ENGINES
from laiobench.jobs.options.group import OptionGroup, option
from laiobench.jobs.options.types import Count, Flag, Size

if TYPE_CHECKING:
    from laiobench.jobs.options import Job

# Hashes of a block's data after its header: by our own code, zlib, libxxhash and OpenSSL.
HASHES = (
    "crc32c", "crc32", "xxhash", "md5", "sha1", "sha256", "sha512",
    "sha3-224", "sha3-256", "sha3-384", "sha3-512",
)  # fmt: skip
METHODS = ("none", *HASHES, "meta", "pattern", "null")

# fio's other names of methods, and its hashes that laiobench lacks.
_SAME = {"crc32c-intel": "crc32c", "0": "none"}
_INSTEAD = {
    **dict.fromkeys(("crc7", "crc16", "crc64"), "use crc32c, which is faster and stronger"),
    "pattern_hdr": "use crc32c, which with a verify_pattern checks header and pattern",
}

LEAST_BLOCK_BYTES = 512


def _method(value: object) -> object:
    method = _SAME.get(str(value), value)
    if method in _INSTEAD:
        raise ValueError(f"there is no {method} here; {_INSTEAD[method]}")
    if method not in METHODS:
        raise ValueError("it must be " + ", ".join(METHODS[:-1]) + " or " + METHODS[-1])
    return method


class VerifyOptions(OptionGroup):
    """Whether what is read is what was written."""

    TITLE: ClassVar[str] = "Verification"

    verify: Annotated[str, BeforeValidator(_method)] = option(
        "none",
        "write blocks that tell what they are, and read them back when all is written: "
        "crc32c, crc32, xxhash, md5, sha1, sha256, sha512, sha3-256 (and others), meta (header "
        "alone), pattern (no header) or null; a job that reads checks what it reads",
    )
    do_verify: Flag = option(True, "read back what was written; else it is only written so")
    verify_only: Flag = option(
        False, "write nothing: read back what the same job wrote before, with the same options"
    )
    verify_pattern: Pattern = option(
        None, "what blocks are filled with, as buffer_pattern; %o is the block's own offset"
    )
    verify_interval: Size | None = option(
        None,
        "size of what has a header of its own; none: as large as bs and offsets allow",
        unit="bytes",
        ge=LEAST_BLOCK_BYTES,
        le=1 << 30,
    )
    verify_backlog: Count = option(
        0, "verify in between, when so many writes have not been; 0: at the end", ge=0, le=1 << 24
    )
    verify_backlog_batch: Count = option(
        0, "so many of them at a time; 0: all of the backlog", ge=0, le=1 << 24
    )
    verify_fatal: Flag = option(False, "end the job with its first bad block", changes_io=False)
    verify_dump: Flag = option(
        True,
        "save the first bad blocks to files, as found and as expected (fio's default is 0)",
        changes_io=False,
    )
    verify_state_save: Flag = option(
        False,
        "keep what was written in NAME-COPY-verify.state, so that it can be verified after a "
        "crash (fio's default is 1)",
        changes_io=False,
    )
    verify_state_load: Flag = option(
        False, "write nothing: verify what such a file says was written"
    )

    @property
    def verifies(self) -> bool:
        """Whether its blocks are written with headers or patterns, or are checked."""
        return self.verify != "none"

    @property
    def only_verifies(self) -> bool:
        """Whether it writes nothing, and checks what was written before."""
        return self.verifies and (self.verify_only or self.verify_state_load)

    @staticmethod
    def faults(job: "Job") -> Iterator[str]:
        if not job.verifies:
            return
        if job.verify == "pattern" and job.verify_pattern is None:
            yield "verify=pattern needs a verify_pattern"
        if job.verify == "pattern" and job.buffer_compress_percentage:
            yield (
                "verify=pattern writes the pattern alone, so buffer_compress_percentage has no "
                "place there: use verify=crc32c, or leave it out"
            )
        yield from _faults_of_blocks(job)
        if ENGINES[job.engine].is_simulated:
            yield "engine=null keeps no data, so there is nothing to verify"
        if job.verify_only and not job.verify_state_load and job.time_based and not job.number_ios:
            yield (
                "verify_only must know how much was written, which time_based leaves open: "
                "use number_ios, or verify_state_load"
            )


def fitting_block_bytes(job: "Job") -> int:
    """The largest block size that divides every I/O into whole blocks."""
    apart = [job.align_bytes(name) for name in job.directions] if job.is_random else []
    zones = [job.zonesize or 0, job.zoneskip, job.zonerange or 0] if job.is_strided else []
    return math.gcd(job.unit_bytes(*job.directions), job.stride, *apart, *zones)


def _faults_of_blocks(job: "Job") -> Iterator[str]:
    fitting = fitting_block_bytes(job)
    if fitting < LEAST_BLOCK_BYTES:
        yield (
            f"its I/Os have blocks of {fitting} bytes to verify, which is too small: use a bs and "
            f"a blockalign that are multiples of {LEAST_BLOCK_BYTES}"
        )
    elif job.verify_interval and fitting % job.verify_interval:
        yield (
            f"verify_interval={job.verify_interval} does not divide its I/Os into whole blocks: "
            f"use {fitting}, or what divides it"
        )

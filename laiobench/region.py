"""The region of a job: which part of its target it uses, and whether it fits there.

Sizes, offsets and alignments against what an open target allows.  Whether it may
be opened at all is the guard's matter.
"""

from dataclasses import dataclass

from laiobench.errors import RunError, UsageError
from laiobench.guard import OpenTarget
from laiobench.job import Job
from laiobench.machine.devices import disk_name
from laiobench.units import format_size

PAGE_BYTES = 4096


@dataclass(frozen=True)
class Region:
    """The part of a target that a job uses: the places where its I/Os may begin."""

    start: int
    blocks: int
    step_bytes: int
    """From one place to the next: bs, or blockalign for random I/O."""


def region_of(job: Job, target: OpenTarget, default_bytes: int | None = None) -> Region:
    """The part that `job` uses of `target`; of one without `size`, up to `default_bytes`.

    Raises:
        RunError: the region is not within the target, or not aligned as direct I/O needs it.
    """
    limits = target.limits
    has_end = limits.is_regular_file or limits.is_block_device
    if has_end and limits.size_bytes == 0:
        raise RunError(f"{target.path} is empty: there is nothing to read or overwrite")
    end = limits.size_bytes if default_bytes is None else default_bytes
    if not has_end and job.size is None:
        raise RunError(f"{target.path} has no size of its own", "say how much with --size")
    size = end - job.offset if job.size is None else job.size
    if has_end and (size <= 0 or job.offset + size > limits.size_bytes):
        wanted = f"offset {format_size(job.offset)}"
        if job.size is not None:
            wanted += f" + size {format_size(job.size)}"
        raise RunError(
            f"{wanted} goes beyond {target.path}, which has {format_size(limits.size_bytes)}",
            f"size can be up to {max(0, limits.size_bytes - job.offset)} bytes at this offset",
        )
    if job.direct:
        _check_alignment(job, target)
    if job.mem_align < PAGE_BYTES and job.engine != "null":
        _check_memory(job, target)
    if size < job.bs:
        raise RunError(
            f"bs={format_size(job.bs)} is larger than the region of {target.path}, "
            f"which has {format_size(size)}",
            "lower bs, or raise size",
        )
    step_bytes = (job.blockalign or job.bs) if job.is_random else job.bs
    return Region(job.offset, (size - job.bs) // step_bytes + 1, step_bytes)


def _check_alignment(job: Job, target: OpenTarget) -> None:
    align = target.limits.request_align
    for name, value in (("bs", job.bs), ("offset", job.offset)):
        if value % align:
            below, above = value // align * align, -(-value // align) * align
            fitting = " or ".join(str(fit) for fit in (below, above) if fit)
            raise RunError(
                f"{name}={value} does not fit direct I/O on {target.path}: "
                f"it must be a multiple of {align} bytes",
                f"{name}={fitting or align} fits, as does every multiple of {align}; "
                "or go through the page cache with --direct=0",
            )


def _check_memory(job: Job, target: OpenTarget) -> None:
    """zram writes and reads whole pages, whatever alignment it claims to take."""
    if disk_name(target.fd).startswith("zram"):
        raise UsageError(
            f"mem_align={job.mem_align} would have {target.path} overwrite memory: "
            "zram moves whole pages, whatever alignment it claims to take",
            f"use mem_align={PAGE_BYTES}, the default",
        )

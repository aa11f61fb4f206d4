"""The region of a job: which part of its target it uses, and whether it fits there.

Checks sizes, offsets and alignments against what an open target allows, and computes how
much is to be done.  Whether the target may be opened at all is the guard's matter.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from laiobench.errors import RunError, UsageError
from laiobench.jobs.options import Job
from laiobench.jobs.options.compound_types import Amount
from laiobench.jobs.options.engines import ENGINES
from laiobench.measurement.targets import OpenTarget
from laiobench.units import format_size

PAGE_BYTES = 4096


@dataclass(frozen=True)
class Region:
    """The part of a target that a job uses, and where its I/Os may begin."""

    start: int
    length: int
    """Bytes of the part."""
    size: int
    """Bytes of one pass: less than the length if zones or gaps are skipped."""
    blocks: int
    """How many places an I/O may begin at, for a plain workload."""
    step_bytes: int
    """Bytes from one place to the next: bs, or blockalign for random I/O."""

    def covers(self, other: "Region") -> bool:
        """Whether all of the other lies within it."""
        return self.start <= other.start and other.start + other.length <= self.start + self.length


@dataclass(frozen=True)
class Budget:
    """How much is to be done: until the first of these limits; 0: no limit."""

    ios: int
    bytes: int


def region_of(
    job: Job, target: OpenTarget, default_bytes: int | None = None, copy: int = 0
) -> Region:
    """The part of `target` that a copy of `job` uses; without `size`, up to `default_bytes`.

    Raises:
        RunError: it is not within the target, or not aligned as direct I/O needs it.
    """
    limits = target.limits
    has_end = limits.is_regular_file or limits.is_block_device
    if has_end and limits.size_bytes == 0:
        raise RunError(f"{target.path} is empty: there is nothing to read or overwrite")
    end = job.filesize or (limits.size_bytes if default_bytes is None else default_bytes)
    if not has_end and (job.size is None or job.size.bytes is None):
        raise RunError(f"{target.path} has no size of its own", "say how much with --size")
    offset = _offset_of(job, end, copy)
    size = _size_of(job, end, offset)
    if has_end and job.filesize and job.filesize > limits.size_bytes:
        raise RunError(
            f"filesize={job.filesize} goes beyond {target.path}, which has "
            f"{format_size(limits.size_bytes)}",
            f"filesize can be up to {limits.size_bytes} bytes",
        )
    if has_end and (size <= 0 or offset + size > limits.size_bytes):
        wanted = f"offset {format_size(offset)}"
        if job.size is not None:
            wanted += f" + size {format_size(size)}"
        raise RunError(
            f"{wanted} goes beyond {target.path}, which has {format_size(limits.size_bytes)}",
            f"size can be up to {limits.size_bytes - offset} bytes at this offset"
            if offset < limits.size_bytes
            else f"offset must be below {limits.size_bytes} bytes",
        )
    if job.direct:
        _check_alignment(job, target, offset)
    if job.mem_align < PAGE_BYTES and not ENGINES[job.engine].is_simulated:
        _check_memory(job, target)
    length = end - offset if job.is_strided and has_end else size
    if job.largest_bytes > length:
        raise RunError(
            f"bs={format_size(job.largest_bytes)} is larger than the region of {target.path}, "
            f"which has {format_size(length)}",
            "lower bs, or raise size",
        )
    return _places(job, offset, length, size)


def null_region_of(job: Job, default_bytes: int, copy: int = 0) -> Region:
    """The region on the null engine's simulated target, which is as large as needed."""
    size = default_bytes if job.size is None else job.size.of(default_bytes)
    size = max(size, job.largest_bytes)
    return _places(job, _offset_of(job, default_bytes, copy), size, size)


def _places(job: Job, start: int, length: int, size: int) -> Region:
    """A region of `length` bytes, and the places in it where I/Os may begin."""
    direction = job.directions[0]
    step_bytes = job.align_bytes(direction) if job.is_random else job.largest_bytes
    blocks = (length - job.largest_bytes) // step_bytes + 1
    if job.is_plain:
        size = (blocks - 1) * step_bytes + job.largest_bytes
    else:
        size -= size % job.unit_bytes(*job.directions)
    return Region(start, length, size, blocks, step_bytes)


def budget_of(job: Job, region: Region) -> Budget:
    """How much to do: by number_ios, by passes, or by io_size."""
    limit = (job.number_ios or 0) * job.loops
    if job.time_based:
        return Budget(limit, 0)
    wanted = None if job.io_size is None else job.io_size.of(region.size)
    whole = region.size
    if job.filesize and job.size:  # as in fio, size is then the bytes of a pass
        whole = min(whole, job.size.of(region.size))
    if not job.has_one_size:
        return Budget(limit, _in_passes(job, max(1, whole), wanted))
    ios = _ios_of_a_pass(job, region)
    if whole < region.size:
        ios = min(ios, max(1, whole // job.largest_bytes))
    ios = _in_passes(job, ios, None if wanted is None else wanted // job.largest_bytes)
    return Budget(min(limit, ios) if limit else ios, 0)


def _in_passes(job: Job, whole: int, wanted: int | None) -> int:
    """All bytes, of passes of `whole` bytes each, until `wanted` (io_size).

    As in fio, passes are repeated until all loops are made and io_size is reached.
    """
    if wanted is None:
        return whole * job.loops
    wanted = max(1, wanted)
    if job.loops == 1:
        return wanted
    a_pass = min(whole, wanted)
    return a_pass * max(job.loops, -(-wanted // a_pass))


def _ios_of_a_pass(job: Job, region: Region) -> int:
    if job.stride > 0 and len(job.directions) == 1 and not job.is_strided:
        return (region.length - job.largest_bytes) // (job.largest_bytes + job.stride) + 1
    return max(1, (region.size if job.is_strided else region.length) // job.largest_bytes)


# ---- shares of a target --------------------------------------------------------------


def _offset_of(job: Job, target_bytes: int, copy: int) -> int:
    """Where the copy begins; a share is rounded up, as in fio."""
    align = job.offset_align or job.smallest_bytes
    return _rounded_up(job.offset, target_bytes, align) + copy * _rounded_up(
        job.offset_increment, target_bytes, align
    )


def _rounded_up(amount: Amount, whole_bytes: int, align: int) -> int:
    found = amount.of(whole_bytes)
    return found if amount.percent is None else -(-found // align) * align


def _size_of(job: Job, target_bytes: int, offset: int) -> int:
    """How many bytes it uses; a share of the target ends at the target's end, as in fio."""
    rest = target_bytes - offset
    if job.size is None or job.filesize:
        return rest
    size = job.size.of(target_bytes)
    return size if job.size.percent is None else min(size, rest)


# ---- what direct I/O needs -----------------------------------------------------------


def _check_alignment(job: Job, target: OpenTarget, offset: int) -> None:
    align = target.limits.request_align
    for name, value in _aligned_options(job, offset):
        if value % align:
            below, above = value // align * align, -(-value // align) * align
            fitting = " or ".join(str(fit) for fit in (below, above) if fit)
            raise RunError(
                f"{name}={value} does not fit direct I/O on {target.path}: "
                f"it must be a multiple of {align} bytes",
                f"{name}={fitting or align} fits, as does every multiple of {align}; "
                "or go through the page cache with --direct=0",
            )


def _aligned_options(job: Job, offset: int) -> Iterator[tuple[str, int]]:
    for direction in job.directions:
        split, between = job.bssplit.of(direction), job.bsrange.of(direction)
        name = "bssplit" if split else "bsrange" if between else "bs"
        for size in job.sizes(direction):
            yield name, size.low
            yield name, size.high
            if size.step and size.step < size.low:
                yield "bs_unaligned", size.step
    yield "offset", offset
    if job.stride:
        yield "rw", abs(job.stride)
    if job.is_strided:
        yield "zonesize", job.zonesize or 0
        yield "zonerange", job.zonerange or 0
        yield "zoneskip", job.zoneskip


def _check_memory(job: Job, target: OpenTarget) -> None:
    """zram writes and reads whole pages, whatever alignment it claims to take."""
    if target.disk.startswith("zram"):
        raise UsageError(
            f"mem_align={job.mem_align} would have {target.path} overwrite memory: "
            "zram moves whole pages, whatever alignment it claims to take",
            f"use mem_align={PAGE_BYTES}, the default",
        )

"""What an open file or device allows, as the core finds out."""

from dataclasses import dataclass

from laiobench.native._core import ffi, lib


@dataclass(frozen=True)
class TargetLimits:
    """What an open file or device allows; alignments in bytes, 0 where direct I/O is refused."""

    size_bytes: int
    memory_align: int
    request_align: int
    is_block_device: bool
    is_regular_file: bool


def probe_target(fd: int) -> TargetLimits:
    """Ask the kernel what the open file allows.

    Raises:
        OSError: the kernel did not answer.
    """
    limits = ffi.new("TargetLimits *")
    ret = lib.target_probe(fd, limits)
    if ret < 0:
        raise OSError(-ret, "statx")
    return TargetLimits(
        size_bytes=limits.size_bytes,
        memory_align=limits.memory_align,
        request_align=limits.request_align,
        is_block_device=limits.is_block_device,
        is_regular_file=limits.is_regular_file,
    )

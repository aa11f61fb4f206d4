"""The core's structures as Python values, for runs and sessions alike.

Knows counters, strings and a target's limits in C; not what a run or a session is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from laiobench.native._core import ffi, lib

CounterGroups = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class TargetLimits:
    """What an open file or device allows; alignments are in bytes, 0 without direct I/O."""

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


def can_trim(fd: int) -> bool:
    """Whether a file or device that is open for writing supports trims."""
    return bool(lib.target_can_trim(fd))


def fill_limits(native: Any, limits: TargetLimits) -> None:
    """Fill in a target's limits."""
    for name in TargetLimits.__dataclass_fields__:
        setattr(native, name, getattr(limits, name))


def fill_engine_options(native: Any, engine: str, options: Mapping[str, float]) -> None:
    """Fill in the fields of an engine's own struct in EngineOptions, which has its name."""
    for field, value in options.items():
        setattr(getattr(native, engine), field, value)


def empty_counters() -> CounterGroups:
    """Every counter, at 0."""
    return counter_groups(ffi.new("Counters *")[0])


def counter_groups(counters: Any) -> CounterGroups:
    """The nested structures of counters.h, by their members' names."""
    groups: CounterGroups = {}
    for name, group in members(counters):
        groups[name] = dict(members(group))
    sizes = list(groups["submit"]["batch_sizes"])
    limits = [str(1 << exponent) for exponent in range(len(sizes) - 1)] + ["more"]
    groups["submit"]["batch_sizes"] = dict(zip(limits, sizes, strict=True))
    return groups


def members(struct: Any) -> Iterator[tuple[str, int]]:
    """The members of one of the core's structures, by name."""
    for name, _ in ffi.typeof(struct).fields:
        yield name.rstrip("_"), getattr(struct, name)


def text_of(characters: Any) -> str:
    """A C string as text."""
    text: bytes = ffi.string(characters)
    return text.decode(errors="replace")

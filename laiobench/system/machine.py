"""Facts about this machine and about what is measured on it, for results."""

import os
import platform
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from laiobench.system.aio_events import aio_room
from laiobench.system.devices import describe_target

__all__ = ["describe", "describe_target", "online_cpus", "usable_cpus"]


def describe(paths: Iterable[str]) -> dict[str, Any]:
    """Facts about the machine, and about the targets at `paths`, by path."""
    return {
        "host": platform.node(),
        "boot_id": _boot_id(),
        "cpu": _cpu(),
        "memory_bytes": _memory_bytes(),
        "kernel": platform.release(),
        "distribution": _distribution(),
        "virtualisation": _virtualisation(),
        "clock_source": _read("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
        "aio_max_nr": aio_room().limit or None,
        "targets": {path: describe_target(path) for path in sorted(set(paths))},
    }


def usable_cpus(wanted: Iterable[int]) -> set[int]:
    """The CPUs out of `wanted` that this process may use, whatever its cpuset.

    Only the kernel knows: this thread asks to be moved there, for a moment.
    """
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, wanted)
        return os.sched_getaffinity(0)
    except OSError:
        return set()
    finally:
        os.sched_setaffinity(0, before)


def online_cpus() -> list[int]:
    """The numbers of the CPUs that are online."""
    cpus: list[int] = []
    for part in _read("/sys/devices/system/cpu/online").split(","):
        first, _, last = part.partition("-")
        if first.isdigit():
            cpus += range(int(first), int(last or first) + 1)
    return cpus or list(range(os.cpu_count() or 1))


def _read(path: str | Path) -> str:
    """A small file's text; empty where it can't be read."""
    try:
        return Path(path).read_text(errors="replace").strip()
    except OSError:
        return ""


def _memory_bytes() -> int | None:
    """As the kernel tells in a call, which needs no /proc; None where it does not."""
    try:
        bytes_there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return None
    return bytes_there if bytes_there > 0 else None


def _cpu() -> dict[str, Any]:
    return {
        "model": _of_cpuinfo("model name", "CPU part") or platform.machine(),
        "architecture": platform.machine(),
        "cpus": os.cpu_count(),
        "cpus_usable": len(os.sched_getaffinity(0)),
        "microcode": _of_cpuinfo("microcode"),
        "governor": _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "mitigations": _mitigations(),
    }


# The facts below stay the same until the next boot; a series of short runs asks for them often.


@cache
def _boot_id() -> str:
    return _read("/proc/sys/kernel/random/boot_id")


@cache
def _of_cpuinfo(*names: str) -> str:
    """The first value in /proc/cpuinfo that has one of these names."""
    for line in _read("/proc/cpuinfo").splitlines():
        key, _, value = line.partition(":")
        if key.strip() in names:
            return value.strip()
    return ""


@cache
def _mitigations() -> dict[str, str]:
    """The kernel's mitigations of CPU vulnerabilities: they change what a system call costs."""
    folder = Path("/sys/devices/system/cpu/vulnerabilities")
    states = {path.name: _read(path) for path in sorted(folder.glob("*"))}
    return {name: state for name, state in states.items() if state != "Not affected"}


@cache
def _distribution() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return ""


@cache
def _virtualisation() -> str:
    """The hypervisor's name; `none` without one, and empty where /proc is not there to tell."""
    cpuinfo = _read("/proc/cpuinfo")
    if " hypervisor" not in cpuinfo:
        return "none" if cpuinfo else ""
    return _read("/sys/class/dmi/id/sys_vendor") or _read("/sys/hypervisor/type") or "unknown"

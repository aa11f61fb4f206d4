"""Two tools at once on one CPU: what an I/O costs each, over the same moments.

Whatever slows the CPU (its clock, a neighbour of the virtual machine) slows both alike, so that the
ratio repeats to 1 or 2 %, where runs in turns differ by 30 %.  Neither tool's own report is
needed: the kernel counts the CPU time of all threads of a process, and the bytes that it reads.
"""

import contextlib
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import tools

# So that both have settled when the window begins.
SETTLING_S = 0.15
SETTLED_BYTES = 8 << 20
START_TIMEOUT_S = 30
LOOK_INTERVAL_S = 0.005

# They are ended when the window is over; until then they must have something to do.
RUNTIME_S = 3600
IO_COUNT = 1 << 30


@dataclass(frozen=True)
class Counted:
    """The CPU time that a process has used, and the bytes that it has read."""

    cpu_ns: int
    ios: int

    def per_io_since(self, before: "Counted") -> float:
        """CPU time per I/O since an earlier reading, in ns."""
        return (self.cpu_ns - before.cpu_ns) / (self.ios - before.ios)


def _family(pid: int) -> list[int]:
    """A process and its children: fio has one for each job."""
    children = [
        int(child)
        for of_thread in Path(f"/proc/{pid}/task").glob("*/children")
        for child in of_thread.read_text().split()
    ]
    return [pid, *(each for child in children for each in _family(child))]


def _counted(process: subprocess.Popen[str]) -> Counted:
    cpu_ns = read_bytes = 0
    for pid in _family(process.pid):
        # clock_getcpuclockid(3): 2 is "by the scheduler", above are the bits of ~pid.
        cpu_ns += time.clock_gettime_ns((~pid << 3) | 2)
        lines = Path(f"/proc/{pid}/io").read_text().splitlines()
        fields = {name: int(value) for name, value in (line.split(": ") for line in lines)}
        read_bytes += fields["read_bytes"] or fields["rchar"]
    return Counted(cpu_ns, read_bytes // tools.BLOCK_BYTES)


@contextlib.contextmanager
def _running(load: tools.Load, command: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        tools.pinned(load, command),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()  # and not kill(): fio ends its children then


def _wait_until_settled(processes: Sequence[subprocess.Popen[str]]) -> None:
    give_up = time.monotonic() + START_TIMEOUT_S
    while any(_counted(each).ios * tools.BLOCK_BYTES < SETTLED_BYTES for each in processes):
        for process in processes:
            if process.poll() is not None and process.stderr:
                raise SystemExit(f"{process.args} ended: {process.stderr.read()}")
        if time.monotonic() > give_up:
            raise SystemExit(f"in {START_TIMEOUT_S} s not both of two tools had begun to read")
        time.sleep(LOOK_INTERVAL_S)
    time.sleep(SETTLING_S)


def cpu_per_io(load: tools.Load, ours: Sequence[str], peer: Sequence[str]) -> tuple[float, float]:
    """CPU time per I/O of both, in ns, over a window of the load's seconds."""
    with _running(load, ours) as first, _running(load, peer) as second:
        _wait_until_settled((first, second))
        first_before, second_before = _counted(first), _counted(second)
        time.sleep(load.seconds)
        first_after, second_after = _counted(first), _counted(second)
    return first_after.per_io_since(first_before), second_after.per_io_since(second_before)


def endless(load: tools.Load) -> tools.Load:
    """The load for longer than any window."""
    return replace(load, seconds=RUNTIME_S)

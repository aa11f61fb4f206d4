"""Where the time of a job's IOThreads went: to work, to waiting for a CPU, to waiting for I/O.

Knows sums of a measured window, and nothing of documents or words.
"""

from dataclasses import dataclass

CPU_BOUND_SHARE = 0.95


@dataclass(frozen=True)
class TimeShares:
    """Parts of the measured time, which add up to 1."""

    working: float
    """On a CPU, and not looking for completions in vain."""
    waiting_for_cpu: float
    """Ready to run, and not running: others had the CPU."""
    waiting_for_io: float
    """Asleep, or on a CPU and looking for completions in vain."""

    @property
    def is_cpu_bound(self) -> bool:
        """Whether a faster device would have changed next to nothing."""
        return self.working + self.waiting_for_cpu >= CPU_BOUND_SHARE


def time_shares(
    measured_ns: int, *, cpu_ns: int, looked_ns: int, delay_ns: int
) -> TimeShares | None:
    """The shares of `measured_ns`; None where the CPU time is not known.

    `looked_ns` is by the clock on the wall, so what a thread waited for a CPU while it was
    looking is in it, and in `delay_ns`.  A thread loses its CPU at any time alike: of both,
    the same part was on a CPU.
    """
    awake_ns = cpu_ns + delay_ns
    whole_ns = max(measured_ns, awake_ns)  # the kernel's clocks and ours differ a little
    if not cpu_ns or not whole_ns:
        return None
    looked_on_cpu_ns = min(1.0, looked_ns / awake_ns) * cpu_ns
    working_ns = cpu_ns - looked_on_cpu_ns
    return TimeShares(
        working=working_ns / whole_ns,
        waiting_for_cpu=delay_ns / whole_ns,
        waiting_for_io=(whole_ns - working_ns - delay_ns) / whole_ns,
    )

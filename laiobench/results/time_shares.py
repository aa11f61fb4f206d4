"""Where the time of a job's IOThreads went: to work, to waiting for a CPU, to waiting for I/O.

Computes with sums over a measured window; knows neither documents nor sentences.
"""

from dataclasses import dataclass

CPU_BOUND_SHARE = 0.95


@dataclass(frozen=True)
class TimeShares:
    """Parts of the measured time, which add up to 1."""

    working: float
    """On a CPU, but for looks for completions that found none."""
    waiting_for_cpu: float
    """Ready to run, but not on a CPU: other threads had it."""
    waiting_for_io: float
    """Asleep, or on a CPU in looks for completions that found none."""

    @property
    def is_cpu_bound(self) -> bool:
        """Whether a faster device would have changed next to nothing."""
        return self.working + self.waiting_for_cpu >= CPU_BOUND_SHARE


def time_shares(
    measured_ns: int, *, cpu_ns: int, looked_ns: int, delay_ns: int
) -> TimeShares | None:
    """The shares of `measured_ns`; None where the CPU time is not known.

    Args:
        measured_ns: the window, added up over the threads.
        cpu_ns: CPU time of the threads.
        looked_ns: wall-clock time of looks for completions that found none.
        delay_ns: time for which the threads were ready to run and had no CPU.

    Looks are timed by the wall clock, so `looked_ns` includes the time for which a thread
    lost its CPU during a look, which is also in `delay_ns`.  A thread loses its CPU during
    looks as often as at other times, so looks were on a CPU for the same part of their time
    as the thread was while it was awake.
    """
    awake_ns = cpu_ns + delay_ns
    whole_ns = max(measured_ns, awake_ns)  # the kernel's clocks differ a little from ours
    if not cpu_ns or not whole_ns:
        return None
    looked_on_cpu_ns = min(1.0, looked_ns / awake_ns) * cpu_ns
    working_ns = cpu_ns - looked_on_cpu_ns
    return TimeShares(
        working=working_ns / whole_ns,
        waiting_for_cpu=delay_ns / whole_ns,
        waiting_for_io=(whole_ns - working_ns - delay_ns) / whole_ns,
    )

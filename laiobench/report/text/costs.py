"""Adds up the costs of copies of a job: CPU time, counters and waits of their IOThreads.

An IOThread counts once, however many of the copies share it.  A cost per I/O is divided by
the I/Os of all jobs on the IOThread, since they caused it together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from laiobench.jobs.options.engines import ENGINES
from laiobench.results.run_result import JobResult
from laiobench.results.time_shares import TimeShares, time_shares


@dataclass(frozen=True)
class Costs:
    """The costs of copies that have no IOThread in common."""

    apart: Sequence[JobResult]

    @cached_property
    def ios(self) -> int:
        """The I/Os of all jobs on these IOThreads."""
        return sum(job.cpu.shared_ios for job in self.apart)

    @cached_property
    def cpu_ns(self) -> int:
        """The CPU time of these IOThreads; 0: not known."""
        return sum(job.cpu.total_ns for job in self.apart)

    @cached_property
    def system_ns(self) -> int:
        return sum(job.cpu.system_ns for job in self.apart)

    @cached_property
    def measured_ns(self) -> int:
        """The time over which costs were measured, added up over the IOThreads."""
        return sum(job.measured_ns for job in self.apart)

    @property
    def cpus(self) -> float:
        """How many CPUs the IOThreads used, on average."""
        return sum(job.cpu.total_ns / job.measured_ns for job in self.apart if job.measured_ns)

    @property
    def time_shares(self) -> TimeShares | None:
        """What the IOThreads did; None where it is not known, as of a pool's threads."""
        engines = (ENGINES.get(job.options.get("engine", "")) for job in self.apart)
        if any(engine and engine.does_io_in_a_pool for engine in engines):
            return None
        return time_shares(
            self.measured_ns,
            cpu_ns=self.cpu_ns,
            looked_ns=self.count("poll", "ns"),
            delay_ns=self.count("other", "run_delay_ns"),
        )

    def count(self, group: str, name: str) -> int:
        """The sum of a counter; documents of other versions that lack it count as 0."""
        return sum(int(job.counters.get(group, {}).get(name, 0)) for job in self.apart)


def costs(copies: Sequence[JobResult]) -> Costs:
    """The costs of copies together."""
    return Costs(list({frozenset(job.iothreads): job for job in copies}.values()))

"""What copies of a job cost, together, the IOThreads that they ran on.

An IOThread counts once, however many of the copies share it.  What is told per I/O is by
the I/Os of all jobs that were on it, since its costs are theirs as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from laiobench.results.run_result import JobResult
from laiobench.results.time_shares import TimeShares, time_shares


@dataclass(frozen=True)
class Costs:
    """Of these copies, which have no IOThread in common."""

    apart: Sequence[JobResult]

    @cached_property
    def ios(self) -> int:
        """Of all jobs on these IOThreads."""
        return sum(job.cpu.shared_ios for job in self.apart)

    @cached_property
    def cpu_ns(self) -> int:
        """0: not known."""
        return sum(job.cpu.total_ns for job in self.apart)

    @cached_property
    def system_ns(self) -> int:
        return sum(job.cpu.system_ns for job in self.apart)

    @cached_property
    def measured_ns(self) -> int:
        """For how long these IOThreads were watched; added up."""
        return sum(job.measured_ns for job in self.apart)

    @property
    def cpus(self) -> float:
        """How many CPUs were in use, on average."""
        return sum(job.cpu.total_ns / job.measured_ns for job in self.apart if job.measured_ns)

    @property
    def time_shares(self) -> TimeShares | None:
        """What the IOThreads did; None where it is not known.

        Of a pool's threads nobody knows how long they waited.
        """
        if any(job.options.get("engine") == "threads" for job in self.apart):
            return None
        return time_shares(
            self.measured_ns,
            cpu_ns=self.cpu_ns,
            looked_ns=self.count("poll", "ns"),
            delay_ns=self.count("other", "run_delay_ns"),
        )

    def count(self, group: str, name: str) -> int:
        """A counter; 0 where documents, of another version perhaps, have none."""
        return sum(int(job.counters.get(group, {}).get(name, 0)) for job in self.apart)


def costs(copies: Sequence[JobResult]) -> Costs:
    """What they cost together."""
    return Costs(list({frozenset(job.iothreads): job for job in copies}.values()))

"""JobCopy: one copy of a job, with its target open and its region known."""

from dataclasses import dataclass

from laiobench.jobs.options import Job
from laiobench.measurement.plan.region import Region
from laiobench.measurement.targets import OpenTarget


@dataclass(frozen=True)
class JobCopy:
    """One copy of a job, as it is laid out."""

    job: Job
    position: int
    """Which of the jobs."""
    copy_index: int
    """Which of numjobs."""
    group: int
    """Jobs of one group run together; stonewall begins another."""
    iothread: str
    """The worker on which it begins; MAIN for the thread that called."""
    target: OpenTarget | None
    """None for the null engine."""
    region: Region
    ios: int
    """I/Os to measure; 0: until the runtime is over, ..."""
    bytes: int
    """... or these are done; 0: no limit in bytes."""
    seed: int
    start_delay_s: float = 0.0
    """After the others of its group."""
    phase: float = 0.0
    """Of its schedule, if it has one: how much of a gap the first I/O is later."""

"""JobCopy: one copy of a job, with its target open and its region known."""

from dataclasses import dataclass

from laiobench.jobs.options import Job
from laiobench.measurement.plan.region import Region
from laiobench.measurement.targets import OpenTarget


@dataclass(frozen=True)
class JobCopy:
    """One copy of a job, and where and when it runs."""

    job: Job
    label: str
    """What the job is called among the others: its name, and an ordinal if that is repeated."""
    position: int
    """The job's index in the list of jobs."""
    copy_index: int
    """The copy's index, below numjobs."""
    group: int
    """Jobs of a group run together; a stonewall begins the next group."""
    iothread: str
    """The worker on which it begins; MAIN for the calling thread."""
    target: OpenTarget | None
    """None for the null engine."""
    region: Region
    ios: int
    """I/Os to measure; 0: no limit."""
    bytes: int
    """Bytes to measure; 0: no limit.  The first limit reached ends it."""
    seed: int
    start_delay_s: float = 0.0
    """How much later it begins than its group."""
    phase: float = 0.0
    """The delay of the first I/O of its schedule, as a share of a gap."""

"""Which job waits for which: `wait_for`, without circles."""

from collections.abc import Sequence

from laiobench.errors import UsageError
from laiobench.jobs.options import Job
from laiobench.measurement.plan.copy import JobCopy


def check_waits(jobs: Sequence[Job]) -> None:
    """Check `wait_for`: only jobs above can be waited for, so there are no circles.

    Raises:
        UsageError: a job waits for one that does not exist, or is not above it.
    """
    above: list[str] = []
    for job in jobs:
        if job.wait_for is not None and above.count(job.wait_for) != 1:
            raise UsageError(*_wait_fault(job, jobs, above))
        above.append(job.name)


def _wait_fault(job: Job, jobs: Sequence[Job], above: Sequence[str]) -> tuple[str, str]:
    what = f"job {job.name} waits for {job.wait_for} (wait_for)"
    if above.count(job.wait_for or "") > 1:
        return f"{what}, and several jobs above are called so", "give them names of their own"
    if any(other.name == job.wait_for for other in jobs):
        return f"{what}, which is not above it", "move it below, so that nobody waits in a circle"
    return f"{what}, and there is no such job", f"jobs above it: {', '.join(above) or 'none'}"


def waits_of(copies: Sequence[JobCopy]) -> list[range]:
    """For each copy of a group, the copies that it waits for; earlier groups have finished."""
    places: dict[str, list[int]] = {}
    for index, copy in enumerate(copies):
        places.setdefault(copy.job.name, []).append(index)
    found = []
    for copy in copies:
        waited = places.get(copy.job.wait_for or "", []) if copy.job.wait_for else []
        found.append(range(waited[0], waited[-1] + 1) if waited else range(0))
    return found

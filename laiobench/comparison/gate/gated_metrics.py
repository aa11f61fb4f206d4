"""Finds the metrics of results, or of jobs, that a policy is about."""

from collections.abc import Collection, Iterable, Sequence

from laiobench.comparison.gate.policy import Gated, Policy
from laiobench.errors import UsageError, raise_all
from laiobench.jobs.options import Job
from laiobench.results.copies import labels
from laiobench.results.metrics import OF_DIRECTION, Key
from laiobench.words import suggest

# ---- which metrics ---------------------------------------------------------------


def find_keys(policy: Policy, known: Iterable[Key]) -> list[Key]:
    """The key of each of the policy's metrics in these results.

    Raises:
        UsageError: a metric names nothing, or more than one direction; it names all such.
    """
    available = dict.fromkeys(known)
    found, problems = [], []
    for gated in policy.metric:
        try:
            found.append(_find(gated, list(available)))
        except UsageError as error:
            problems.append(error)
    raise_all(problems)
    return found


def check_jobs(policy: Policy, variants: Sequence[Sequence[Job]]) -> None:
    """Check before anything is measured that the policy is about these jobs.

    Args:
        variants: the jobs of each variant.

    Raises:
        UsageError: it is about other jobs, or surely about other directions.
    """
    labelled = [
        (name, job)
        for jobs in variants
        for name, job in zip(labels([job.name for job in jobs]), jobs, strict=True)
    ]
    names = dict.fromkeys(name for name, _ in labelled)
    missing = dict.fromkeys(gated.job for gated in policy.metric if gated.job not in names)
    problems = [_no_job(job, names) for job in missing]
    for gated in policy.metric:
        wrong = (_wrong_direction(gated, job) for name, job in labelled if name == gated.job)
        problems += [problem for problem in wrong if problem][:1]
    raise_all(problems)


def _wrong_direction(gated: Gated, job: Job) -> UsageError | None:
    """The error if a job surely lacks the direction of a metric.

    Only reads and writes are known before a run; trims, syncs and verification are checked
    on the results.
    """
    if gated.name not in OF_DIRECTION:
        if gated.direction is None:
            return None
        return UsageError(
            f"the policy's {gated.name} is of job {gated.job} as a whole, "
            f"not for {gated.direction}",
            "leave direction out",
        )
    if job.trims or job.verify != "none":
        return None
    there = [name for name, is_there in (("read", job.reads), ("write", job.writes)) if is_there]
    if gated.direction in ("read", "write") and gated.direction not in there:
        return UsageError(
            f"job {gated.job} has {gated.name} for {', '.join(there)}, not for {gated.direction}"
        )
    if gated.direction is None and len(there) > 1:
        return UsageError(
            f"the policy's {gated.name} of job {gated.job} is there for {', '.join(there)}",
            f'add direction = "{there[0]}", or another one',
        )
    return None


def _no_job(job: str, jobs: Collection[str]) -> UsageError:
    return UsageError(
        f"the policy is about job {job}, which there is not{suggest(job, jobs)}",
        "the jobs are: " + (", ".join(jobs) or "none"),
    )


def _find(gated: Gated, known: Sequence[Key]) -> Key:
    jobs = dict.fromkeys(key.job for key in known)
    if gated.job not in jobs:
        raise _no_job(gated.job, jobs)
    of_metric = [key for key in known if (key.job, key.metric) == (gated.job, gated.name)]
    matching = [key for key in of_metric if gated.direction in (None, key.direction)]
    if len(matching) == 1:
        return matching[0]
    directions = ", ".join(key.direction or "of the whole job" for key in of_metric)
    if matching:
        raise UsageError(
            f"the policy's {gated.name} of job {gated.job} is there for {directions}",
            f'add direction = "{matching[0].direction}", or another one',
        )
    if of_metric:
        raise UsageError(
            f"job {gated.job} has {gated.name} for {directions}, not for {gated.direction}"
        )
    names = dict.fromkeys(key.metric for key in known if key.job == gated.job)
    raise UsageError(
        f"job {gated.job} has no {gated.name}", "it has: " + (", ".join(names) or "nothing")
    )

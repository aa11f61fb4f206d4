"""Threads: the workers of a group, which jobs share them, and their CPUs."""

from collections.abc import Sequence
from dataclasses import dataclass

from laiobench.errors import UsageError
from laiobench.jobs.options import Job, names_of_scope
from laiobench.measurement.plan.copy import JobCopy
from laiobench.measurement.plan.placement import MAIN, first_difference, unused_name
from laiobench.native import WorkerPlan

# ---- workers --------------------------------------------------------------------------


@dataclass(frozen=True)
class WorkerLayout:
    """The workers of a group, and the workers that each copy may run on, its first one first."""

    plans: tuple[WorkerPlan, ...]
    rings: tuple[tuple[int, ...], ...]


def plan_workers(copies: Sequence[JobCopy]) -> WorkerLayout:
    """A worker for each IOThread's name, and a second one for a job that moves but has none.

    Raises:
        UsageError: jobs that share an IOThread differ in an option of it.
    """
    first_of: dict[str, JobCopy] = {}
    for copy in copies:
        _check_agreement(first_of.setdefault(copy.iothread, copy), copy)
    following = _following(copies, first_of)
    number_of = {name: number for number, name in enumerate(first_of)}
    plans = tuple(
        WorkerPlan(
            name=name,
            job=first_of[name].job,
            is_main=name == MAIN,
            next=number_of[following.get(name, name)],
            seed=first_of[name].seed,
            cpus=_cpus(first_of[name]),
        )
        for name in first_of
    )
    rings = tuple(_ring(plans, number_of[copy.iothread], copy.job) for copy in copies)
    return WorkerLayout(plans, rings)


def _cpus(copy: JobCopy) -> tuple[int, ...]:
    """The CPUs of its thread: all allowed ones or, with split, one of them in turn."""
    cpus = copy.job.cpus_allowed or ()
    if cpus and copy.job.cpus_allowed_policy == "split":
        return (cpus[copy.copy_index % len(cpus)],)
    return cpus


def _following(copies: Sequence[JobCopy], first_of: dict[str, JobCopy]) -> dict[str, str]:
    """The next worker for a job that moves: the next shared one, or its second and back.

    Adds the second workers to `first_of`.
    """
    following: dict[str, str] = {}
    moving = [copy for copy in copies if copy.job.iothread_move_every]
    shared = list(dict.fromkeys(copy.iothread for copy in moving if copy.job.iothread))
    if len(shared) > 1:
        following |= dict(zip(shared, [*shared[1:], shared[0]], strict=True))
    for copy in moving:
        if copy.iothread not in following:
            second = unused_name(f"{copy.iothread}b", set(first_of))
            first_of[second] = first_of[copy.iothread]
            following |= {copy.iothread: second, second: copy.iothread}
    return following


def _ring(plans: Sequence[WorkerPlan], first: int, job: Job) -> tuple[int, ...]:
    ring = [first]
    while job.iothread_move_every and plans[ring[-1]].next != first:
        ring.append(plans[ring[-1]].next)
    return tuple(ring)


def _check_agreement(first: JobCopy, copy: JobCopy) -> None:
    if name := first_difference(first.job, copy.job, names_of_scope("iothread")):
        raise UsageError(
            f"jobs {first.label} and {copy.label} share the IOThread "
            f"{copy.iothread}, but differ in {name}",
            "an IOThread has one event loop: give them the same, or IOThreads of their own",
        )

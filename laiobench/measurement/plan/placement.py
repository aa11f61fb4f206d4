"""Placement: which job runs on which worker, against which part of which target.

Turns checked jobs into copies: each has its target open, and a region, a group and a
seed; groups have workers and limits.  Nothing runs here.
"""

import hashlib
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from laiobench.errors import UsageError, raise_all
from laiobench.jobs.options import Job
from laiobench.jobs.options.engines import ENGINES
from laiobench.measurement.plan.copy import JobCopy
from laiobench.measurement.plan.region import Region, budget_of, null_region_of, region_of
from laiobench.measurement.targets import Declined, OpenTarget, scratch
from laiobench.results.copies import labels
from laiobench.system.machine import online_cpus, usable_cpus

MAIN = "main"
NULL_TARGET_BYTES = 1 << 30

_GOLDEN_SECTION = 0.3819660112501051


class Opener(Protocol):
    """Opens targets; for a run, it is the guard."""

    def make(self, path: str, size_bytes: int) -> None:
        """Create the file, if it is missing."""

    def open(self, path: str, job: Job, *, is_ours: bool = False) -> OpenTarget: ...


Preparer = Callable[[int, str | None], str]
"""Makes a scratch file of at least that size, in the folder if one is given; returns its path."""


def lay_out(jobs: Sequence[Job], targets: Opener, prepare: Preparer) -> list[JobCopy]:
    """Open the targets, and give each copy of each job its group, worker, region and seed.

    Args:
        jobs: the jobs to run.
        targets: opens their targets.
        prepare: makes the scratch file, if a job uses it.

    Raises:
        LaiobenchError: a target can't be used as the job wants.
    """
    copies: list[JobCopy] = []
    jobs = [_seeded(job) for job in jobs]
    group = 0
    called = labels([job.name for job in jobs])
    names = {MAIN, *(job.iothread for job in jobs if job.iothread)}
    _open_what_is_there(jobs, targets)
    scratch_paths = _prepare_scratch(jobs, prepare)
    for path, size_bytes in _files_of_known_size(jobs).items():
        targets.make(path, size_bytes)
    for position, job in enumerate(jobs):
        if job.stonewall and copies:
            group += 1
        target, default_bytes = _target_of(job, targets, scratch_paths)
        for copy_index in range(job.numjobs):
            region = _region_of(job, target, default_bytes, copy_index)
            budget = budget_of(job, region)
            copies.append(
                JobCopy(
                    job=job,
                    label=called[position],
                    position=position,
                    copy_index=copy_index,
                    group=group,
                    iothread=job.iothread or unused_name(f"iothread{len(copies)}", names),
                    target=target,
                    region=region,
                    ios=budget.ios,
                    bytes=budget.bytes,
                    seed=stream_seed(job.seed, len(copies)),
                    start_delay_s=_start_delay_s(job, len(copies)),
                    phase=_phase(len(copies)),
                )
            )
    _check_cpus(jobs)
    return copies


def to_run(copies: Sequence[JobCopy]) -> list[JobCopy]:
    """The copies to run; those of jobs with create_only only have their files made."""
    return [copy for copy in copies if not copy.job.create_only]


def check_measured(jobs: Sequence[Job]) -> None:
    """Check that a comparison has something to measure.

    Raises:
        UsageError: all jobs have create_only.
    """
    if all(job.create_only for job in jobs):
        raise UsageError(
            "all jobs only make their files (create_only=1), so there is nothing to measure",
            "make them with laiobench run, and leave create_only out here",
        )


def unused_name(name: str, names: set[str]) -> str:
    """A name that is not in `names`, and is added to them."""
    while name in names:
        name += "'"
    names.add(name)
    return name


def _uses_scratch(job: Job) -> bool:
    return job.filename is None and not ENGINES[job.engine].is_simulated


def _prepare_scratch(jobs: Sequence[Job], prepare: Preparer) -> dict[str | None, str]:
    """The scratch file of each directory, large enough for all jobs that use it."""
    needed: dict[str | None, int] = {}
    for job in jobs:
        if _uses_scratch(job):
            size = _bytes_needed(job) or scratch.DEFAULT_BYTES
            needed[job.directory] = max(size, needed.get(job.directory, 0))
    return {directory: prepare(size, directory) for directory, size in needed.items()}


def _open_what_is_there(jobs: Sequence[Job], targets: Opener) -> None:
    """Open existing targets before any file is made, so that all refusals come first."""
    refusals: dict[str, UsageError] = {}
    for job in jobs:
        if ENGINES[job.engine].is_simulated or job.path is None or not os.path.lexists(job.path):
            continue
        try:
            targets.open(job.path, job)
        except Declined:
            raise
        except UsageError as refusal:
            refusals.setdefault(str(refusal), refusal)
    raise_all(list(refusals.values()))


def _files_of_known_size(jobs: Sequence[Job]) -> dict[str, int]:
    """The files that jobs name, and the size that each must have for all; where options tell."""
    needed: dict[str, int] = {}
    for job in jobs:
        size = _bytes_needed(job)
        if job.path is not None and size is not None and not ENGINES[job.engine].is_simulated:
            needed[job.path] = max(size, needed.get(job.path, 0))
    return needed


def _bytes_needed(job: Job) -> int | None:
    """Where the last region of its copies ends; None if that depends on the target's end."""
    if job.filesize:
        return job.filesize
    amounts = [job.offset.bytes, job.offset_increment.bytes, job.size and job.size.bytes]
    if any(amount is None for amount in amounts):
        return None
    offset, increment, size = (amount or 0 for amount in amounts)
    return offset + (job.numjobs - 1) * increment + size


def _phase(ordinal: int) -> float:
    """The phase of a copy's schedule: without it, equal rates would issue I/Os in bursts.

    Multiples of the golden section lie apart, however many there are.
    """
    return ordinal * _GOLDEN_SECTION % 1.0


def _start_delay_s(job: Job, ordinal: int) -> float:
    """The delay of the nth copy; a random one depends only on `randseed` and n."""
    low, high = job.startdelay.low_s, job.startdelay.high_s
    share = stream_seed(job.seed, ordinal) / (1 << 64)
    return low + (high - low) * share


def _check_cpus(jobs: Sequence[Job]) -> None:
    """Refuse CPUs that do not exist or are not ours: the kernel would ignore them silently."""
    online = set(online_cpus())
    for job in jobs:
        wanted = set(job.cpus_allowed or ())
        if missing := wanted - online:
            raise UsageError(
                f"cpus_allowed of job {job.name} names CPUs that are not there: {_listed(missing)}",
                f"these are: {_listed(online)}",
            )
        if forbidden := wanted and wanted - usable_cpus(wanted):
            raise UsageError(
                f"cpus_allowed of job {job.name} names CPUs that this process may not run on: "
                f"{_listed(forbidden)} (its cpuset, as of a container, leaves them out)",
                f"it may run on these: {_listed(usable_cpus(online))}",
            )


def _listed(cpus: set[int]) -> str:
    return ", ".join(map(str, sorted(cpus)))


def _seeded(job: Job) -> Job:
    """The job with its seed; with randrepeat=0, a new one."""
    if job.randrepeat or job.randseed is not None:
        return job
    return job.model_copy(update={"randseed": secrets.randbits(63)})


def stream_seed(randseed: int, ordinal: int) -> int:
    """The seed of the nth copy of all jobs; depends only on `randseed` and n."""
    text = f"{randseed}/{ordinal}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest())


def _target_of(
    job: Job, targets: Opener, scratch_paths: Mapping[str | None, str]
) -> tuple[OpenTarget | None, int | None]:
    """The open target, and how much of it to use by default; None: all."""
    if ENGINES[job.engine].is_simulated:
        return None, NULL_TARGET_BYTES
    if _uses_scratch(job):
        target = targets.open(scratch_paths[job.directory], job, is_ours=True)
        return target, scratch.DEFAULT_BYTES
    return targets.open(job.path or "", job), None


def _region_of(
    job: Job, target: OpenTarget | None, default_bytes: int | None, copy_index: int
) -> Region:
    if target is None:
        return null_region_of(job, default_bytes or NULL_TARGET_BYTES, copy_index)
    return region_of(job, target, default_bytes, copy_index)


def first_difference(one: Job, other: Job, names: Sequence[str]) -> str | None:
    """The first of the options in which they differ; None if they agree."""
    return next((name for name in names if getattr(one, name) != getattr(other, name)), None)

"""Computes the I/Os that a job would do, without a run, for tests of workloads."""

from laiobench.jobs.options import Job
from laiobench.measurement.plan.region import Region, budget_of, region_of
from laiobench.measurement.targets import OpenTarget
from laiobench.native import TargetLimits
from laiobench.native.plans import JobPlan, PlannedIo, preview_ios


def plan_of(job: Job, target_bytes: int, seed: int = 1) -> tuple[JobPlan, Region]:
    """The plan of a job's first copy, on a target of that size."""
    limits = TargetLimits(target_bytes, 4, 512, is_block_device=False, is_regular_file=True)
    region = region_of(job, OpenTarget("a file", -1, limits))
    budget = budget_of(job, region)
    plan = JobPlan(
        job=job, worker=0, fd=-1, limits=None, region_start=region.start,
        region_bytes=region.length, region_blocks=region.blocks, step_bytes=region.step_bytes,
        ios=budget.ios, bytes=budget.bytes, seed=seed,
    )  # fmt: skip
    return plan, region


def ios_of(job: Job, target_bytes: int, count: int = 0, seed: int = 1) -> list[PlannedIo]:
    """A job's first `count` I/Os; 0: all that it would do."""
    plan, _ = plan_of(job, target_bytes, seed)
    if count or plan.ios:
        return preview_ios(plan, count or plan.ios)
    ios = preview_ios(plan, plan.bytes // job.unit_bytes(*job.directions) + 1)
    done, left = [], plan.bytes
    for io in ios:
        if left <= 0:
            break
        done.append(io)
        left -= io.bytes
    return done

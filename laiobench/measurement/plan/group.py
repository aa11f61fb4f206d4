"""GroupLayout: copies of jobs that run at the same time, and what they share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from laiobench.measurement.plan.copy import JobCopy
from laiobench.measurement.plan.threads import WorkerLayout, plan_workers
from laiobench.measurement.plan.throttles import ThrottleLayout, plan_throttle_groups
from laiobench.measurement.plan.waits import waits_of
from laiobench.native import JobPlan, RunPlan, VerifyPlan


@dataclass(frozen=True)
class GroupLayout:
    """Copies that run at the same time, their workers, limits and waits."""

    copies: Sequence[JobCopy]
    workers: WorkerLayout
    throttles: ThrottleLayout
    waits: Sequence[range]
    """For each copy, the copies that it waits for; by index."""
    coming_to: Mapping[int, frozenset[int]]
    """For each worker, the copies that may come to it; both by index."""

    @classmethod
    def of(cls, copies: Sequence[JobCopy]) -> Self:
        """Lay out these copies.

        Raises:
            UsageError: copies that share a worker or a limit differ in its options.
        """
        workers = plan_workers(copies)
        coming_to: dict[int, set[int]] = {}
        for index, ring in enumerate(workers.rings):
            for worker in ring:
                coming_to.setdefault(worker, set()).add(index)
        return cls(
            copies,
            workers,
            plan_throttle_groups(copies),
            waits_of(copies),
            {worker: frozenset(coming) for worker, coming in coming_to.items()},
        )

    def plan(self, verify_plans: Sequence[VerifyPlan | None], spike: float = 0.0) -> RunPlan:
        """The plan for the core.

        Args:
            verify_plans: for each copy; None where nothing is verified.
            spike: a slowness to plant, as a share of each I/O's time.
        """
        jobs = tuple(
            JobPlan(
                job=copy.job,
                worker=ring[0],
                fd=copy.target.fd if copy.target else -1,
                limits=copy.target.limits if copy.target else None,
                region_start=copy.region.start,
                region_bytes=copy.region.length,
                region_blocks=copy.region.blocks,
                step_bytes=copy.region.step_bytes,
                ios=copy.ios,
                bytes=copy.bytes,
                seed=copy.seed,
                throttle=throttle,
                start_delay_s=copy.start_delay_s,
                phase=copy.phase,
                waits_for=waits_for,
                verify=verify_plan,
                spike=spike,
            )
            for copy, ring, throttle, waits_for, verify_plan in zip(
                self.copies,
                self.workers.rings,
                self.throttles.indexes,
                self.waits,
                verify_plans,
                strict=True,
            )
        )
        return RunPlan(self.workers.plans, jobs, self.throttles.plans)

    def sharing(self, ring: Sequence[int]) -> frozenset[int]:
        """The copies that may come to any of these workers."""
        return frozenset().union(*(self.coming_to[worker] for worker in ring))

    def is_notified(self, ring: Sequence[int], *, was_stopped: bool) -> bool:
        """Whether other threads may notify these workers: jobs move, wait, or take turns.

        Args:
            was_stopped: jobs were asked to stop in mid-run, which wakes idle ones.
        """
        return any(
            len(self.workers.rings[index]) > 1
            or self.throttles.is_shared(index)
            or len(self.waits[index]) > 0
            or (was_stopped and self.copies[index].job.may_idle)
            for index in self.sharing(ring)
        )

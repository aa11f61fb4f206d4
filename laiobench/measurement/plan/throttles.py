"""Limits (throttle groups) that copies of jobs share."""

from collections.abc import Sequence
from dataclasses import dataclass

from laiobench.errors import UsageError
from laiobench.jobs.options import names_of_scope
from laiobench.measurement.plan.copy import JobCopy
from laiobench.measurement.plan.placement import first_difference
from laiobench.native import ThrottlePlan

# ---- throttle groups -------------------------------------------------------------------


@dataclass(frozen=True)
class ThrottleLayout:
    """The throttle groups, and the one that each copy is in."""

    plans: tuple[ThrottlePlan, ...]
    indexes: tuple[int | None, ...]

    def is_shared(self, copy: int) -> bool:
        """Whether other copies are in the same group as this one."""
        index = self.indexes[copy]
        return index is not None and self.indexes.count(index) > 1


def plan_throttle_groups(copies: Sequence[JobCopy]) -> ThrottleLayout:
    """A group for each name; without one, the copies of a job are a group.

    Raises:
        UsageError: jobs of a group have different limits.
    """
    first_of: dict[str | int, JobCopy] = {}
    number_of: dict[str | int, int] = {}
    indexes: list[int | None] = []
    for copy in copies:
        if not copy.job.is_throttled:
            indexes.append(None)
            continue
        group = copy.job.throttle_group
        key = group or copy.position
        first = first_of.setdefault(key, copy)
        if name := first_difference(first.job, copy.job, names_of_scope("throttle_group")):
            raise UsageError(
                f"jobs {first.label} and {copy.label} are in the throttle group "
                f"{group}, but differ in {name}",
                "a group has one limit: give them the same",
            )
        indexes.append(number_of.setdefault(key, len(number_of)))
    plans = tuple(
        ThrottlePlan(
            ios_per_s=copy.job.throttle_iops,
            bytes_per_s=copy.job.throttle_bw,
            burst_s=copy.job.throttle_burst,
        )
        for copy in first_of.values()
    )
    return ThrottleLayout(plans, tuple(indexes))

"""Regions that are verified: nobody else may write there meanwhile."""

from collections.abc import Sequence

from laiobench.errors import UsageError
from laiobench.measurement.plan.copy import Work


def check_verified_regions(works: Sequence[Work]) -> None:
    """No other work may write, at the same time, where one verifies what it wrote.

    Raises:
        UsageError: one does.
    """
    for work in works:
        for other in works:
            if (
                work is not other
                and work.group == other.group
                and work.job.verifies
                and other.job.writes
                and _same_target(work, other)
                and _meet(work, other)
            ):
                raise UsageError(
                    f"job {other.job.name} writes to the same part of "
                    f"{other.job.path or 'the scratch file'} that job {work.job.name} verifies",
                    "give them files (filename) or parts (offset, size, offset_increment) of their "
                    "own, or let one wait for the other (stonewall)",
                )


def _same_target(work: Work, other: Work) -> bool:
    """By whatever names."""
    return bool(work.target and other.target and work.target.identity == other.target.identity)


def span_of(work: Work) -> tuple[int, int]:
    return work.region.start, work.region.start + work.region.length


def _meet(work: Work, other: Work) -> bool:
    (first, end), (other_first, other_end) = span_of(work), span_of(other)
    return first < other_end and other_first < end

"""Regions that are verified: nobody else may write there meanwhile."""

from collections.abc import Sequence

from laiobench.errors import UsageError
from laiobench.measurement.plan.copy import Work


def check_verified_regions(works: Sequence[Work]) -> None:
    """No other work may write, at the same time, where one verifies what it wrote.

    Raises:
        UsageError: one does.
    """
    writers: dict[object, list[Work]] = {}
    for work in works:
        if work.target and work.job.writes:
            writers.setdefault((work.group, work.target.identity), []).append(work)
    for work in works:
        if not work.target or not work.job.verifies:
            continue
        for other in writers.get((work.group, work.target.identity), ()):
            if work is not other and _meet(work, other):
                raise UsageError(
                    f"job {other.job.name} writes to the same part of "
                    f"{other.job.path or 'the scratch file'} that job {work.job.name} verifies",
                    "give them files (filename) or parts (offset, size, offset_increment) of their "
                    "own, or let one wait for the other (stonewall)",
                )


def span_of(work: Work) -> tuple[int, int]:
    return work.region.start, work.region.start + work.region.length


def _meet(work: Work, other: Work) -> bool:
    (first, end), (other_first, other_end) = span_of(work), span_of(other)
    return first < other_end and other_first < end

"""Regions that are verified: no other job may write there at the same time."""

from collections.abc import Sequence

from laiobench.errors import UsageError
from laiobench.measurement.plan.copy import JobCopy


def check_verified_regions(copies: Sequence[JobCopy]) -> None:
    """Check that no copy writes to a region while another verifies what it wrote there.

    Raises:
        UsageError: one does.
    """
    writers: dict[object, list[JobCopy]] = {}
    for copy in copies:
        if copy.target and copy.job.writes:
            writers.setdefault((copy.group, copy.target.identity), []).append(copy)
    for copy in copies:
        if not copy.target or not copy.job.verifies:
            continue
        for other in writers.get((copy.group, copy.target.identity), ()):
            if copy is not other and _meet(copy, other):
                raise UsageError(
                    f"job {other.label} writes to the same part of "
                    f"{other.job.path or 'the scratch file'} that job {copy.label} verifies",
                    "give them files (filename) or parts (offset, size, offset_increment) of their "
                    "own, or let one wait for the other (stonewall)",
                )


def span_of(copy: JobCopy) -> tuple[int, int]:
    return copy.region.start, copy.region.start + copy.region.length


def _meet(copy: JobCopy, other: JobCopy) -> bool:
    (first, end), (other_first, other_end) = span_of(copy), span_of(other)
    return first < other_end and other_first < end

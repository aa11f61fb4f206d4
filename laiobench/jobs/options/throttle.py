"""Limits that jobs can share."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from laiobench.jobs.options.group import PRINTABLE, Condition, OptionGroup, option
from laiobench.jobs.options.types import Count, Seconds, Size

if TYPE_CHECKING:
    from laiobench.jobs.options import Job


_THROTTLED = Condition("throttle_iops or throttle_bw", lambda job: job.is_throttled)


class ThrottleOptions(OptionGroup):
    """Limits that jobs can share."""

    TITLE: ClassVar[str] = "Limits"

    throttle_iops: Count = option(
        0,
        "I/Os a second of the throttle group; 0: no limit",
        ge=0,
        le=10**9,
        scope="throttle_group",
    )
    throttle_bw: Size = option(
        0,
        "bytes a second of the throttle group; 0: no limit",
        unit="bytes/s",
        ge=0,
        le=1 << 50,
        scope="throttle_group",
    )
    throttle_burst: Seconds = option(
        0.1,
        "how much missed time may be made up for at once",
        unit="s",
        ge=0,
        le=3600,
        needs=_THROTTLED,
        scope="throttle_group",
    )
    throttle_group: str | None = option(
        None,
        "name of the limit, to share it with other jobs; none: the job's copies share one",
        min_length=1,
        pattern=PRINTABLE,
    )

    @property
    def is_throttled(self) -> bool:
        return bool(self.throttle_iops or self.throttle_bw)

    @staticmethod
    def faults(job: "Job") -> Iterator[str]:
        if job.throttle_group and not job.is_throttled:
            yield "throttle_group needs throttle_iops or throttle_bw"

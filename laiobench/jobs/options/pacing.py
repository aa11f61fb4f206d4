"""When I/Os are due."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from laiobench.jobs.options.compound_types import CommaForm, PerDirection, count_of, size_of
from laiobench.jobs.options.group import LONGEST_S, Alias, Condition, OptionGroup, option
from laiobench.jobs.options.types import Count, Flag, Microseconds, Milliseconds, Seconds

if TYPE_CHECKING:
    from laiobench.jobs.options import Job

_NONE: PerDirection[int] = PerDirection.same(0)

Rate = Annotated[PerDirection[int], CommaForm(size_of(most=1 << 50), blank=0)]
Iops = Annotated[PerDirection[int], CommaForm(count_of(most=10**9), blank=0)]


_PACED = Condition("rate or rate_iops", lambda job: job.is_paced)
_THINKS = Condition("thinktime", lambda job: job.thinktime > 0)
_LEAST = Condition("rate_min or rate_iops_min", lambda job: job.has_least_rate)


class PacingOptions(OptionGroup):
    """When I/Os are due."""

    TITLE: ClassVar[str] = "Pacing"

    ALIASES: ClassVar[Mapping[str, Alias]] = {"ratemin": "rate_min", "ratecycle": "rate_cycle"}

    rate: Rate = option(
        _NONE,
        "bytes a second (r,w,t) of each copy, on a schedule that does not wait for the device; "
        "in a mix it decides over rwmixread; 0: as fast as it goes",
        unit="bytes/s",
    )
    rate_iops: Iops = option(_NONE, "the same in I/Os a second; the stricter of the two holds")
    rate_process: Literal["linear", "poisson"] = option(
        "linear",
        "gaps between I/Os: constant, or exponential as of independent clients",
        needs=_PACED,
    )
    rate_min: Rate = option(
        _NONE,
        "end the job, as failed, in a rate_cycle with less (r,w,t)",
        unit="bytes/s",
        changes_io=False,
    )
    rate_iops_min: Iops = option(_NONE, "the same in I/Os a second", changes_io=False)
    rate_cycle: Milliseconds = option(
        1000,
        "over how long rate_min is judged",
        unit="ms",
        ge=1,
        le=1e3 * LONGEST_S,
        needs=_LEAST,
        changes_io=False,
    )
    rate_ignore_thinktime: Flag = option(
        False, "pauses delay the schedule, instead of being made up for", needs=_THINKS
    )
    thinktime: Microseconds = option(
        0,
        "pause for so long after thinktime_blocks, with nothing in flight",
        unit="us",
        ge=0,
        le=1e6 * LONGEST_S,
    )
    thinktime_spin: Microseconds = option(
        0,
        "how much of a pause is spent computing, at its start",
        unit="us",
        ge=0,
        le=1e9,
        needs=_THINKS,
    )
    thinktime_blocks: Count = option(1, "I/Os between two pauses", ge=1, lt=1 << 63, needs=_THINKS)
    thinktime_blocks_type: Literal["complete", "issue"] = option(
        "complete", "I/Os are counted when they complete, or when they are issued", needs=_THINKS
    )
    thinktime_iotime: Seconds = option(
        0,
        "time between two pauses, instead of thinktime_blocks, or whichever comes first",
        unit="s",
        ge=0,
        le=LONGEST_S,
        needs=_THINKS,
    )

    @property
    def is_paced(self) -> bool:
        """Whether I/Os are issued by a schedule."""
        return any((*self.rate.values(), *self.rate_iops.values()))

    @property
    def has_least_rate(self) -> bool:
        return any((*self.rate_min.values(), *self.rate_iops_min.values()))

    @staticmethod
    def faults(job: "Job") -> Iterator[str]:
        if job.thinktime_spin > job.thinktime:
            yield "thinktime_spin is a part of thinktime, and cannot be longer"
        for least, most in (("rate_min", "rate"), ("rate_iops_min", "rate_iops")):
            pairs = zip(getattr(job, least).values(), getattr(job, most).values(), strict=True)
            if any(low > high > 0 for low, high in pairs):
                yield f"{least} is above {most}, so the job could only fail"

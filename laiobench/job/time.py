"""How long a job runs."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from laiobench.job.group import LONGEST_S, Alias, OptionGroup, option
from laiobench.values import Count, Flag, Seconds

if TYPE_CHECKING:
    from laiobench.job import Job


class TimeOptions(OptionGroup):
    """How long a job runs."""

    TITLE: ClassVar[str] = "Length"

    ALIASES: ClassVar[Mapping[str, Alias]] = {"timeout": "runtime"}

    runtime: Seconds | None = option(
        None,
        "measure for so long at most; none: until the size is done",
        unit="s",
        gt=0,
        le=LONGEST_S,
    )
    time_based: Flag = option(False, "go on for the whole runtime, over and over the size")
    ramp_time: Seconds = option(0, "run for so long before measuring", unit="s", ge=0, le=LONGEST_S)
    loops: Count = option(1, "passes over the size", ge=1, le=1 << 20)
    number_ios: Count | None = option(None, "end after so many I/Os", ge=1, lt=1 << 63)

    @staticmethod
    def faults(job: "Job") -> Iterator[str]:
        if job.time_based and job.runtime is None:
            yield "time_based needs a runtime"

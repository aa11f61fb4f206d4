"""How long a job runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from laiobench import units
from laiobench.jobs.options.compound_types import Form
from laiobench.jobs.options.group import LONGEST_S, PRINTABLE, Alias, OptionGroup, option
from laiobench.jobs.options.types import Count, Flag, OffAtZero, Seconds

if TYPE_CHECKING:
    from laiobench.jobs.options import Job


@dataclass(frozen=True)
class Delay:
    """Seconds, or a range that each copy chooses from at random."""

    low_s: float
    high_s: float

    def __str__(self) -> str:
        ends = [self.low_s] if self.low_s == self.high_s else [self.low_s, self.high_s]
        return "-".join(f"{end:.12g}" for end in ends)


def parse_delay(text: str) -> Delay:
    """Parse `5`, `500ms` or `5-10`.

    Raises:
        ValueError: `text` is not a delay.
    """
    ends = [units.parse_duration_ns(end, "s") / units.NS_PER_S for end in text.split("-")]
    if len(ends) > 2 or ends[-1] < ends[0]:
        raise ValueError(f"{text!r} is no delay; write 5, 500ms, or 5-10 for one by chance")
    if ends[-1] > LONGEST_S:
        raise ValueError(f"it must be at most {LONGEST_S:,} s")
    return Delay(ends[0], ends[-1])


class TimeOptions(OptionGroup):
    """How long a job runs."""

    TITLE: ClassVar[str] = "Length"

    ALIASES: ClassVar[Mapping[str, Alias]] = {"timeout": "runtime"}

    runtime: Annotated[Seconds | None, OffAtZero] = option(
        None,
        "measure for so long at most; none: until the size is done",
        unit="s",
        ge=0,
        le=LONGEST_S,
    )
    time_based: Flag = option(False, "go on for the whole runtime, over and over the size")
    ramp_time: Seconds = option(0, "run for so long before measuring", unit="s", ge=0, le=LONGEST_S)
    startdelay: Annotated[Delay, Form(parse_delay, Delay)] = option(
        Delay(0, 0),
        "begin so long after the other jobs of the group; lo-hi: each copy after a time by chance",
        unit="s",
    )
    wait_for: str | None = option(
        None,
        "begin when all copies of this job, which is above, have finished",
        min_length=1,
        pattern=PRINTABLE,
    )
    loops: Count = option(1, "passes over the size", ge=1, le=1 << 20)
    number_ios: Annotated[Count | None, OffAtZero] = option(
        None, "end after so many I/Os, each of the loops", ge=0, lt=1 << 63
    )

    @staticmethod
    def faults(job: "Job") -> Iterator[str]:
        if job.time_based and job.runtime is None:
            yield "time_based needs a runtime"

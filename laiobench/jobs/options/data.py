"""What is written."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from laiobench.jobs.options.byte_pattern import Pattern
from laiobench.jobs.options.group import WRITES, Condition, OptionGroup, option
from laiobench.jobs.options.types import Count, Flag, Size

if TYPE_CHECKING:
    from laiobench.jobs.options import Job


_COMPRESSES = Condition(
    "buffer_compress_percentage", lambda job: job.buffer_compress_percentage > 0
)


class DataOptions(OptionGroup):
    """What is written."""

    TITLE: ClassVar[str] = "Data"

    refill_buffers: Flag = option(
        False,
        "all bytes anew at each write; else a buffer is random once, and each write "
        "has a number of its own in each 512 bytes",
        needs=WRITES,
    )
    zero_buffers: Flag = option(False, "write zeros", needs=WRITES)
    buffer_pattern: Pattern = option(
        None,
        'write these bytes over and over: 0xdeadbeef, 258, "text", or several in a row',
        needs=WRITES,
    )
    buffer_compress_percentage: Count = option(
        0,
        "so much of each buffer_compress_chunk compresses to nothing",
        unit="%",
        ge=0,
        le=100,
        needs=WRITES,
    )
    buffer_compress_chunk: Size = option(
        512, "see buffer_compress_percentage", unit="bytes", ge=16, le=1 << 30, needs=_COMPRESSES
    )
    dedupe_percentage: Count = option(
        0,
        "so many of the blocks written are one and the same",
        unit="%",
        ge=0,
        le=100,
        needs=WRITES,
    )

    @staticmethod
    def faults(job: "Job") -> Iterator[str]:
        if job.zero_buffers and job.buffer_pattern:
            yield "zero_buffers and buffer_pattern contradict each other"

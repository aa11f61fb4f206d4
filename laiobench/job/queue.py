"""How many I/Os are in flight, and how they are submitted."""

from typing import ClassVar, Literal

from laiobench.job.group import OptionGroup, option
from laiobench.values import Count, Flag


class QueueOptions(OptionGroup):
    """How many I/Os are in flight, and how they are submitted."""

    TITLE: ClassVar[str] = "Queue"

    iodepth: Count = option(1, "I/Os kept in flight", ge=1, le=65536)
    max_batch: Count = option(32, "I/Os in one io_submit; 0: all there are", ge=0, le=65536)
    reap_on_submit: Flag = option(
        False, "take completions right after each submit (hides the completion mode)"
    )
    short_io: Literal["resubmit", "strict"] = option(
        "resubmit", "a short I/O: ask for the rest, or end it at once"
    )

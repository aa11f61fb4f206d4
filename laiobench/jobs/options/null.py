"""The null engine's simulated target."""

from typing import ClassVar

from laiobench.jobs.options.engines import engine_that_takes
from laiobench.jobs.options.group import LONGEST_S, OptionGroup, option
from laiobench.jobs.options.types import Count, Microseconds, Number


class NullOptions(OptionGroup):
    """The null engine's simulated target."""

    TITLE: ClassVar[str] = "The null engine's target"

    null_latency_us: Microseconds = option(
        0,
        "mean service time",
        unit="us",
        ge=0,
        le=1e6 * LONGEST_S,
        needs=engine_that_takes("null_latency_us"),
        scope="iothread",
    )
    null_jitter: Number = option(
        0,
        "service times spread evenly over mean × (1 ± this)",
        ge=0,
        le=1,
        needs=engine_that_takes("null_jitter"),
        scope="iothread",
    )
    null_servers: Count = option(
        0,
        "I/Os served at a time; 0: all in flight",
        ge=0,
        le=65536,
        needs=engine_that_takes("null_servers"),
        scope="iothread",
    )
